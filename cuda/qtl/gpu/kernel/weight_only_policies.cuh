// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/weight_only_policies.cuh - which format of gemm_weight_only serves a policy.
// Holds: weight_only_format_of<W, X>. The layout that it reads is make_weight_layout(describe<W>(),
// ...) of tile/weight_packing.cuh.
#pragma once

#include <type_traits>

#include "qtl/gpu/kernel/gemm_weight_only.cuh"
#include "qtl/gpu/tile/weight_packing.cuh"
#include "qtl/policy/descriptor.hpp"

namespace qtl::inline v0::gpu {

namespace detail {
template<class W>
constexpr auto packed_scale_of() {
  constexpr policy_desc w = describe<W>();
  if constexpr (w.is_unscaled() || w.block_cols == 0)
    return std::type_identity<per_row>{};
  else if constexpr (constexpr scale_storage s = packing::storage_of(w); s == scale_storage::as_f16)
    return std::type_identity<f16>{};
  else if constexpr (s == scale_storage::as_bf16)
    return std::type_identity<bf16>{};
  else if constexpr (s == scale_storage::as_e8m0)
    return std::type_identity<e8m0>{};
  else if constexpr (s == scale_storage::as_e4m3)
    return std::type_identity<e4m3>{};
  else
    return std::type_identity<f32>{};
}
}  // namespace detail

/// Weights of policy W for activations of format X.
template<QuantPolicy W, class X>
using weight_only_format_of =
    weight_only_format<typename W::format, X, typename decltype(detail::packed_scale_of<W>())::type,
                       W::scheme::zero_point != zero_point_kind::none>;

}  // namespace qtl::inline v0::gpu
