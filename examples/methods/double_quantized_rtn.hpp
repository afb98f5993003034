// SPDX-License-Identifier: Apache-2.0
// examples/methods/double_quantized_rtn.hpp - plain rounding whose scales are quantized again, as a
// method: it gives up a little accuracy for bits.
#pragma once

#include "qtl/methods.hpp"

namespace methods {

/// Scales in 8 bits, in blocks of 256, as bitsandbytes stores them; the result has them spelt out.
struct double_quantized_rtn {
  static constexpr qtl::short_name name = "rtn, double quantization";
  static constexpr bool needs_inputs = false;

  template<qtl::QuantPolicy P>
  qtl::result<qtl::method_result<P>> apply(const qtl::layer_samples& layer) const {
    auto made = qtl::rtn{}.apply<P>(layer);
    if constexpr (qtl::HasWideScales<P>) {
      if (!made.ok()) return made;
      auto stored = qtl::double_quantize(made->weight);
      if (!stored.ok()) return stored.why();
      auto expanded = stored->expand();
      if (!expanded.ok()) return expanded.why();
      made->weight = *std::move(expanded);
    }
    return made;
  }

  /// Bits per weight as stored.
  template<qtl::QuantPolicy P>
  static double stored_bits(const qtl::QTensor<P>& weight) {
    if constexpr (qtl::HasWideScales<P>)
      return qtl::value_or_throw(qtl::double_quantize(weight)).bits_per_element();
    else
      return weight.bits_per_element();
  }
};

static_assert(qtl::Method<double_quantized_rtn>);

}  // namespace methods
