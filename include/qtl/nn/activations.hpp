// SPDX-License-Identifier: Apache-2.0
// qtl/nn/activations.hpp - activations at run time: quantized into the caller's workspace, token by token.
// Holds: activation_layout<A>, prepare_activations<A>. NaN never becomes a plausible number: a token that holds NaN (or,
// where the scale is dynamic, Inf) gets a NaN scale, so its outputs are NaN and other tokens' are
// not.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/base/executor.hpp"
#include "qtl/gemm/kernel.hpp"
#include "qtl/ops/blocks.hpp"
#include "qtl/ops/runs.hpp"

namespace qtl::inline v0 {

/// Rounds up to the alignment of buffers.
constexpr std::int64_t aligned_size(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Where the parts of an m x k activation lie in a workspace.
template<QuantPolicy A>
struct activation_layout {
  std::int64_t m = 0;
  std::int64_t k = 0;

  /// True where activations stay as they come: nothing is written.
  static constexpr bool passes_through =
      std::same_as<typename A::format, f32> && is_unscaled<typename A::scheme>;
  /// True where activations are rounded but kept as reals.
  static constexpr bool keeps_reals = is_unscaled<typename A::scheme>;

  std::int64_t group_cols() const {
    return A::granularity::block_cols != 0 ? A::granularity::block_cols : k > 0 ? k : 1;
  }
  std::int64_t groups() const {
    return A::granularity::block_cols != 0 ? ceil_div(k, group_cols()) : 1;
  }
  /// Rows end in zeros to a multiple of 64 bytes, and then 64 bytes more: rows whose distance is a
  /// power of two would fall into the same few sets of the first cache.
  std::int64_t row_bytes() const { return aligned_size(packed_bytes(k, A::format::bits)) + 64; }
  std::int64_t code_size() const { return aligned_size(keeps_reals ? m * k * 4 : m * row_bytes()); }
  std::int64_t scale_size() const { return keeps_reals ? 0 : aligned_size(m * groups() * 4); }
  std::int64_t offset_size() const {
    return A::scheme::zero_point != zero_point_kind::none ? scale_size() : 0;
  }
  /// Sums of integer codes, for kernels that take them while they quantize.
  std::int64_t sum_size() const {
    return kind_of<typename A::format> == format_kind::integer ? scale_size() : 0;
  }
  std::int64_t size() const {
    return passes_through ? 0 : code_size() + scale_size() + offset_size() + sum_size();
  }
};

namespace activations {

/// What all tokens share under a per_tensor or two-level policy: chosen from the tokens that are
/// finite.
template<QuantPolicy A>
struct shared_params {
  qparams<A> params;
  float tensor_scale = 1.0f;
};

/// The range of token i.
constexpr scanned_range scan_row(matrix_view<const float> x, std::int64_t i) {
  return scan_range(x.row_range(i, 1));
}

/// Chooses what all tokens share from those that are finite.
template<QuantPolicy A>
shared_params<A> choose_shared(matrix_view<const float> x) {
  scanned_range seen;
  for (std::int64_t i = 0; i < x.rows; ++i)
    if (const scanned_range row = scan_row(x, i); row.all_finite()) seen.merge(row);
  const float tensor_scale = choose_tensor_scale<A>(seen.range());
  return {choose_stored<A>(seen.range(), tensor_scale).decoded(tensor_scale), tensor_scale};
}

/// Whether token i holds NaN.
constexpr bool row_has_nan(matrix_view<const float> x, std::int64_t i) {
  for (std::int64_t j = 0; j < x.cols; ++j)
    if (is_nan(x(i, j))) return true;
  return false;
}

/// The parameters of columns [first, first + count) of token i.
template<QuantPolicy A>
qparams<A> group_params(matrix_view<const float> x, std::int64_t i, std::int64_t first,
                        std::int64_t count, const shared_params<A>& shared) {
  constexpr bool whole_tensor = std::same_as<typename A::granularity, per_tensor>;
  qparams<A> p = shared.params;
  bool poisoned = false;
  if constexpr (!A::is_dynamic) {
    poisoned = row_has_nan(x, i);
  } else if constexpr (whole_tensor) {
    poisoned = !scan_row(x, i).all_finite();
  } else {
    const scanned_range seen = scan_range(
        {x.data + i * x.row_stride + first * x.col_stride, 1, count, x.row_stride, x.col_stride});
    poisoned = !seen.all_finite();
    if (!poisoned)
      p = choose_stored<A>(seen.range(), shared.tensor_scale).decoded(shared.tensor_scale);
  }
  if (poisoned) p = {quiet_nan, {}};
  return p;
}

/// F::decode(F::encode(x)) of f16 or bf16 without a branch: the bits rounded to even in place, or
/// below the smallest normal a sum that leaves no finer bits.
template<NumberFormat F>
constexpr float rounded_to(float x) {
  constexpr int dropped = 23 - F::mantissa_bits;
  constexpr std::uint32_t infinity = 0x7F800000u;
  constexpr float coarse = 1.5f * power_of_two(23 + F::min_exponent - F::mantissa_bits);
  const std::uint32_t magnitude = float_bits(x) & 0x7FFFFFFFu;
  const std::uint32_t even = magnitude >> dropped & 1u;
  const std::uint32_t nearest = (magnitude + even + ((1u << (dropped - 1)) - 1u)) >> dropped
                                                                                         << dropped;
  std::uint32_t bits = nearest > float_bits(F::max) ? infinity : nearest;
  if (F::exponent_bits < 8 && magnitude < float_bits(power_of_two(F::min_exponent)))
    bits = float_bits(float_from_bits(magnitude) + coarse - coarse);
  if (magnitude > infinity) bits = float_bits(quiet_nan);
  return float_from_bits(bits | (float_bits(x) & 0x80000000u));
}

/// Writes the offset of block number `at` into the operand's memory.
template<QuantPolicy A>
void store_offset(const activation_operand& to, std::int64_t at, const qparams<A>& p) {
  if constexpr (A::scheme::zero_point == zero_point_kind::shift)
    const_cast<float*>(to.shifts)[at] = p.shift();
  else if constexpr (A::scheme::zero_point != zero_point_kind::none)
    const_cast<std::int32_t*>(to.zero_points)[at] = p.zero_point();
}

/// Quantizes token i into the operand's memory.
template<QuantPolicy A>
void quantize_token(matrix_view<const float> x, std::int64_t i, const shared_params<A>& shared,
                    const activation_operand& to) {
  auto* row = const_cast<std::byte*>(to.row(i));
  const std::int64_t used = packed_bytes(to.k, A::format::bits);
  std::memset(row + used, 0, static_cast<std::size_t>(to.row_bytes - used));
  for (std::int64_t g = 0; g < to.groups; ++g) {
    const std::int64_t first = g * to.group_cols;
    const std::int64_t count = to.k - first < to.group_cols ? to.k - first : to.group_cols;
    const qparams<A> p = group_params<A>(x, i, first, count, shared);
    const_cast<float*>(to.scales)[i * to.groups + g] = p.scale;
    store_offset<A>(to, i * to.groups + g, p);
    encode_run<A>(x.data + i * x.row_stride + first * x.col_stride, x.col_stride, count, p, row, i,
                  first);
  }
}

/// Element (i, j) rounded to A's format, kept as a real.
template<QuantPolicy A>
constexpr float rounded_real(float x, std::int64_t i, std::int64_t j) {
  using F = typename A::format;
  constexpr bool even = A::rounding_tag::mode == rounding_mode::nearest_even;
  if constexpr (even && (std::same_as<F, f16> || std::same_as<F, bf16>))
    return rounded_to<F>(x);
  else
    return F::decode(encode_with<F>(x, element_rounding<A>(i, j)));
}

/// Whether the kernel, where there is one, has written the operand.
inline bool is_quantized_by(const gemm_kernel* kernel, const gemm_key& key,
                            const matrix_view<const float>& x, activation_operand& to,
                            const executor_ref& executor) {
  return kernel != nullptr && kernel->quantize != nullptr && kernel->quantize(key, x, to, executor);
}

}  // namespace activations

/// The activations x (m x k) as a kernel takes them. `fixed` is the calibrated scale of a static
/// policy, else ignored. `memory` holds activation_layout<A>{m, k}.size() bytes, 64-byte aligned.
/// Tokens are dealt out to the executor. A kernel that is given may quantize itself.
template<QuantPolicy A>
activation_operand prepare_activations(matrix_view<const float> x, const qparams<A>& fixed,
                                       std::byte* memory, const executor_ref& executor,
                                       const gemm_kernel* kernel = nullptr,
                                       const gemm_key& key = {}) {
  using layout = activation_layout<A>;
  const layout at{x.rows, x.cols};
  activation_operand out;
  out.m = x.rows;
  out.k = x.cols;
  out.reals = x;
  if constexpr (layout::passes_through) {
    return out;
  } else if constexpr (layout::keeps_reals) {
    const matrix_view<float> rounded(reinterpret_cast<float*>(memory), x.rows, x.cols);
    out.reals = rounded;
    if (activations::is_quantized_by(kernel, key, x, out, executor)) return out;
    executor.parallel_for(x.rows, [&](std::int64_t i) {
      for (std::int64_t j = 0; j < x.cols; ++j)
        rounded(i, j) = activations::rounded_real<A>(x(i, j), i, j);
    });
    return out;
  } else {
    out.codes = memory;
    out.row_bytes = at.row_bytes();
    out.padded = true;
    out.elements = reader_of<typename A::format>();
    out.scales = reinterpret_cast<float*>(memory + at.code_size());
    std::byte* offsets = memory + at.code_size() + at.scale_size();
    if (A::scheme::zero_point == zero_point_kind::shift)
      out.shifts = reinterpret_cast<float*>(offsets);
    else if (A::scheme::zero_point != zero_point_kind::none)
      out.zero_points = reinterpret_cast<std::int32_t*>(offsets);
    out.groups = at.groups();
    out.group_cols = at.group_cols();
    if (!A::is_dynamic && x.rows > 0) {
      const_cast<float*>(out.scales)[0] = fixed.scale;
      activations::store_offset<A>(out, 0, fixed);
    }
    if (at.sum_size() != 0) out.sums = reinterpret_cast<std::int32_t*>(offsets + at.offset_size());
    if (activations::is_quantized_by(kernel, key, x, out, executor)) return out;
    out.sums = nullptr;
    activations::shared_params<A> shared{fixed, 1.0f};
    if constexpr (A::is_dynamic &&
                  (std::same_as<typename A::granularity, per_tensor> || A::scale::two_levels))
      shared = activations::choose_shared<A>(x);
    executor.parallel_for(
        x.rows, [&](std::int64_t i) { activations::quantize_token<A>(x, i, shared, out); });
    return out;
  }
}

}  // namespace qtl::inline v0
