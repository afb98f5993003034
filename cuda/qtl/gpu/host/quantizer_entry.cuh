// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/quantizer_entry.cuh - the kernels that make a layer's activations, as the layer sees them.
// Holds: quantizer_of<A, F>, group_stride_of. To add a policy: its name in quantizer_list.cuh.
#pragma once

#include "qtl/backend/gpu/device_activations.hpp"
#include "qtl/gpu/host/quantize.cuh"
#include "qtl/gpu/kernel/convert_rows.cuh"

namespace qtl::inline v0::gpu {

/// Makes activations of policy A from reals of format F.
template<QuantPolicy A, class F>
struct quantizer_entry {
  static bool supports(const policy_desc& policy, value_encoding from) {
    return policy == describe<A>() && from == wide_encoding<F>();
  }

  static status run(const quantize_args& q) {
    const rows x{static_cast<const real_element<F>*>(q.x.data), q.x.row_stride};
    if constexpr (is_unscaled<typename A::scheme>) {
      return convert<typename A::format>(q, x, const_cast<std::byte*>(q.to.codes), q.to.row_bytes);
    } else {
      if (q.column_order == nullptr) return quantize(q, x);
      constexpr std::int64_t size = sizeof(real_element<F>);
      const std::int64_t row_bytes = gathered_row_bytes(q.x.cols, size);
      const status s = convert<F>(q, x, q.gathered, row_bytes);
      if (!s.ok()) return s;
      return quantize(q, {reinterpret_cast<const real_element<F>*>(q.gathered), row_bytes / size});
    }
  }

 private:
  using rows = typename plain_row<F>::params;

  // Rounds to `To` and puts columns into the order that is asked for.
  template<class To>
  static status convert(const quantize_args& q, const rows& x, std::byte* to,
                        std::int64_t row_bytes) {
    using kernel = convert_rows<real_conversion<F, To>>;
    typename kernel::params p;
    p.x = x;
    p.m = q.x.rows;
    p.k = q.x.cols;
    p.to = to;
    p.row_bytes = row_bytes;
    p.column_order = q.column_order;
    return launch<kernel>(p, q.stream);
  }

  static status quantize(const quantize_args& q, const rows& x) {
    quantize_rows_params<A, plain_row<F>, parameter_form::decoded> p;
    p.x = x;
    p.m = q.x.rows;
    p.k = q.x.cols;
    p.codes = const_cast<std::byte*>(q.to.codes);
    p.row_bytes = q.to.row_bytes;
    p.written_bytes = packed_bytes(q.x.cols, A::format::bits);
    p.blocks.scales = const_cast<float*>(q.to.scales);
    p.blocks.row_stride = 1;
    p.blocks.group_stride = device_group_stride(q.x.rows);
    if constexpr (A::scheme::zero_point == zero_point_kind::integer)
      p.blocks.offsets = const_cast<std::int32_t*>(q.to.zero_points);
    p.sums = const_cast<std::int32_t*>(q.to.sums);
    if constexpr (!A::is_dynamic) {
      p.given.scale = q.fixed.scale;
      if constexpr (A::scheme::zero_point == zero_point_kind::integer)
        p.given.offset = static_cast<offset_type<A>>(q.fixed.zero_point);
    }
    return quantize_matrix(p, q.stream);
  }
};

/// The entry as the layer's value.
template<QuantPolicy A, class F>
constexpr device_quantizer quantizer_of() {
  using entry = quantizer_entry<A, F>;
  return {
      is_unscaled<typename A::scheme> ? short_name("convert_rows") : short_name("quantize_rows"),
      &entry::supports, &entry::run};
}

}  // namespace qtl::inline v0::gpu
