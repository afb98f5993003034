// SPDX-License-Identifier: Apache-2.0
// qtl/nn/linear.hpp - what every linear layer shares, wherever its operands lie.
// Holds: run_context, linear_plan, strictness, BiasSource, RequantizedOutput, and QLinear's declaration.
// Not here: the layer over host memory (qlinear.hpp), over a device's (device_linear.hpp).
#pragma once

#include <cstdint>
#include <span>

#include "qtl/gemm/kernel.hpp"

namespace qtl::inline v0 {

/// What a run borrows from its caller.
struct run_context {
  std::span<std::byte>
      workspace;           ///< at least workspace_size(m, executor.threads()) bytes, at any address
  executor_ref executor;   ///< serial unless given
  void* stream = nullptr;  ///< GPU backends only, whose workspace is device memory
};

/// Satisfied by anything with data() and size() over float: a vector, a span, an array, an Eigen
/// vector.
template<class B>
concept BiasSource = requires(const B& b) {
  { b.data() } -> std::convertible_to<const float*>;
  { b.size() } -> std::convertible_to<std::int64_t>;
};

/// What a layer made from weights will do for m tokens.
struct linear_plan {
  const gemm_kernel* kernel = nullptr;
  std::int64_t m = 0;
  std::int64_t workspace_size = 0;  ///< bytes
  fixed_text<64> variant{};         ///< which tile sizes, where the kernel has several

  const char* kernel_name() const { return kernel->name.c_str(); }
};

/// Whether a plan may name a fallback kernel.
enum class strictness : std::uint8_t { allow_fallback, strict };

/// Satisfied by an 8-bit per_tensor policy. Why: rows of narrower codes would share bytes between
/// threads.
template<class P>
concept RequantizedOutput =
    (QuantPolicy<P> && P::format::bits == 8 && std::same_as<typename P::granularity, per_tensor> &&
     !is_unscaled<typename P::scheme>) ||
    unsatisfied<"a requantized output is an 8-bit per_tensor policy", P>;

/// True where a layer needs parameters for its activations beforehand.
template<QuantPolicy A>
inline constexpr bool needs_calibrated_activations =
    !A::is_dynamic && !is_unscaled<typename A::scheme>;

struct cpu_backend;

/// y = x W^T + bias with weights of policy W (n x k) and activations of policy A (m x k), on a
/// Backend. The constructors that throw have twins that return a result: make() and make_view().
template<QuantPolicy W, QuantPolicy A, class Backend_ = cpu_backend>
  requires ValidLinear<W, A> && Backend<Backend_>
class QLinear;

/// What layers check, and the sentences where a check fails.
namespace linear_checks {

/// The values of a bias.
std::span<const float> bias_span(const BiasSource auto& bias) {
  return {bias.data(), static_cast<std::size_t>(bias.size())};
}

/// A bias has n values or none.
inline status bias_size(std::span<const float> bias, std::int64_t n) {
  if (bias.empty() || static_cast<std::int64_t>(bias.size()) == n) return {};
  return mismatch("bias", "number of values", 0, n, static_cast<std::int64_t>(bias.size()));
}

/// A scale is finite and not zero.
inline status scale(float scale, const char* operand) {
  if (is_finite(scale) && scale != 0.0f) return {};
  return failure(error_code::invalid_argument, operand,
                 "the scale is zero or not finite, expected a finite non-zero scale");
}

/// m x k and m x n are numbers that every size of theirs fits.
inline status tokens(std::int64_t m, std::int64_t n, std::int64_t k) {
  std::int64_t elements = 0;
  std::int64_t bytes = 0;
  if (checked_multiply(m, 64, bytes) && checked_multiply(m, k, elements) &&
      checked_multiply(elements, 64, bytes) && checked_multiply(m, n, elements) &&
      checked_multiply(elements, 64, bytes))
    return {};
  return mismatch("m", "number of tokens, which must not be negative or overflow,", 0, 0, m,
                  error_code::overflow);
}

/// x is m x k and y is m x n.
inline status extents(std::int64_t m, std::int64_t x_cols, std::int64_t y_rows, std::int64_t y_cols,
                      const gemm_shape& layer) {
  if (x_cols != layer.k) return mismatch("x", "number of columns", 1, layer.k, x_cols);
  if (y_rows != m) return mismatch("y", "number of rows", 0, m, y_rows);
  if (y_cols != layer.n) return mismatch("y", "number of columns", 1, layer.n, y_cols);
  return {};
}

/// The workspace holds what the plan asks for.
inline status workspace(const run_context& context, const linear_plan& plan) {
  const auto size = static_cast<std::int64_t>(context.workspace.size());
  if (size >= plan.workspace_size) return {};
  return mismatch("context.workspace", "size in bytes", -1, plan.workspace_size, size,
                  error_code::workspace_too_small);
}

/// Why a backend cannot make a layer of a pair.
inline status no_kernel(const short_name& backend, const linear_desc& pair) {
  status s{error_code::unsupported, "Backend", -1, 0, 0, {}};
  s.message.append("Backend: ").append(backend.view());
  s.message.append(" has no kernel for ").append(to_text(pair).view());
  return s;
}

/// Why a strict plan refuses.
inline status refused_fallback(const gemm_kernel& kernel, const linear_desc& pair) {
  status s{error_code::fallback_refused, "strict", -1, 0, 0, {}};
  s.message.append("strict: only the fallback kernel ").append(kernel.name.view());
  s.message.append(" runs ").append(to_text(pair).view());
  return s;
}

}  // namespace linear_checks

}  // namespace qtl::inline v0
