// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/activation_params.hpp - the activation policies that vector loops quantize, and their parameters.
// Compiled outside of every ISA's region: what it instantiates is shared with all other code.
#pragma once

#include "qtl/gemm/kernel.hpp"
#include "qtl/ops/choose_qparams.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0::activation_params {

/// Whether d is P but for where a scale ends and whether it is taken at run time.
template<QuantPolicy P>
constexpr bool is_like(const policy_desc& d) {
  constexpr policy_desc described = describe<P>();
  policy_desc p = described;
  p.granularity = d.granularity;
  p.block_rows = d.block_rows;
  p.block_cols = d.block_cols;
  p.is_dynamic = d.is_dynamic;
  return p == d;
}

/// Signed codes around zero.
inline bool is_symmetric_s8(const policy_desc& d) { return is_like<token_s8>(d); }
/// Unsigned codes with a zero point.
inline bool is_affine_u8(const policy_desc& d) { return is_like<token_u8>(d); }

/// Signed codes with a zero point.
inline bool is_affine_s8(const policy_desc& d) {
  return is_like<policy<s8, affine, per_token, dynamic>>(d);
}

/// Whether one scale, taken beforehand, serves all tokens.
inline bool is_static(const policy_desc& d) {
  return !d.is_dynamic && d.granularity.view() == per_tensor::name.view();
}

/// Whether every scale is taken at run time, of one token or of a group of one.
inline bool is_row_by_row(const policy_desc& d) {
  return d.is_dynamic && d.granularity.view() != per_tensor::name.view() && d.block_rows == 1;
}

/// The parameters of a finite range.
inline block_values symmetric_s8(float amax) {
  const qparams<token_s8> p = choose_qparams<token_s8>({-amax, amax});
  return {p.scale, 0, 0.0f};
}
/// Likewise.
inline block_values affine_u8(float low, float high) {
  const qparams<token_u8> p = choose_qparams<token_u8>({low, high});
  return {p.scale, p.zero_point(), 0.0f};
}

/// How a policy takes scales from largest magnitudes.
enum class scale_source : std::uint8_t {
  unknown,      ///< as vector loops do not
  quotient,     ///< amax / max, in f32
  power_of_two  ///< by OCP's rule for mx tensors
};

/// How d takes its scales where its codes are those of F around zero.
template<NumberFormat F>
scale_source find_scale_source(const policy_desc& d) {
  if (is_like<policy<F, symmetric, per_token, dynamic>>(d)) return scale_source::quotient;
  return is_like<mx<F, dynamic>>(d) ? scale_source::power_of_two : scale_source::unknown;
}
/// Of one format each, for callers that may not instantiate templates.
inline scale_source source_of_e4m3(const policy_desc& d) { return find_scale_source<e4m3>(d); }
/// Likewise.
inline scale_source source_of_e5m2(const policy_desc& d) { return find_scale_source<e5m2>(d); }
/// Likewise.
inline scale_source source_of_e2m1(const policy_desc& d) { return find_scale_source<e2m1>(d); }

/// Whether reals are rounded to f16, to nearest even, and stay reals.
inline bool is_rounded_f16(const policy_desc& d) { return d == describe<a16>(); }
/// Likewise to bf16.
inline bool is_rounded_bf16(const policy_desc& d) { return d == describe<a16_bf16>(); }

}  // namespace qtl::inline v0::activation_params
