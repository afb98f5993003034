// SPDX-License-Identifier: Apache-2.0
// qtl/methods/quantized_scales.hpp - double quantization behind any method.
// Holds: quantized_scales<M, S>. It gives up a little accuracy for bits: with groups of 64, half a bit
// per weight of f32 scales becomes an eighth.
#pragma once

#include <utility>

#include "qtl/methods/double_quantization.hpp"

namespace qtl::inline v0 {

/// Method M, and then its scales quantized by S. The weight has the scales spelt out, to compute
/// with; stored_bytes says what they are kept in. Policies whose scales are small already stay as M
/// leaves them.
template<Method M, QuantPolicy S = bnb_scales>
struct quantized_scales {
  static constexpr short_name name = short_name("dq ").append(short_name(M::name).view());
  static constexpr bool needs_inputs = M::needs_inputs;

  M method{};

  /// Errors: those of M, out_of_memory.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    auto out = method.template apply<P>(layer);
    if constexpr (HasWideScales<P>) {
      if (!out.ok()) return out;
      const auto stored = double_quantize<S>(out->weight);
      if (!stored.ok()) return stored.why();
      auto expanded = stored->expand();
      if (!expanded.ok()) return expanded.why();
      out->weight = *std::move(expanded);
      out->stored_bytes = stored->bytes();
    }
    return out;
  }
};

}  // namespace qtl::inline v0
