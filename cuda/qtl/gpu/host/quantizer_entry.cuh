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
    if constexpr (is_unscaled<typename A::scheme>)
      return convert(q);
    else
      return quantize(q);
  }

 private:
  static auto source(const quantize_args& q) {
    return typename plain_row<F>::params{static_cast<const real_element<F>*>(q.x.data),
                                         q.x.row_stride};
  }

  static status convert(const quantize_args& q) {
    using kernel = convert_rows<real_conversion<F, typename A::format>>;
    typename kernel::params p;
    p.x = source(q);
    p.m = q.x.rows;
    p.k = q.x.cols;
    p.to = const_cast<std::byte*>(q.to.codes);
    p.row_bytes = q.to.row_bytes;
    return launch<kernel>(p, q.stream);
  }

  static status quantize(const quantize_args& q) {
    quantize_rows_params<A, plain_row<F>, parameter_form::decoded> p;
    p.x = source(q);
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
