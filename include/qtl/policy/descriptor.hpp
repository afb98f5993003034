// SPDX-License-Identifier: Apache-2.0
// qtl/policy/descriptor.hpp - a policy as a value: what kernels, files and run-time configs know of it.
// Holds: policy_desc, linear_desc, describe<P>(), and their text. Formats and schemes stand in it by name, so those of
// strangers need no entry anywhere. Not here: JSON (io/policy_json.hpp).
#pragma once

#include <cstdint>

#include "qtl/policy/pair.hpp"

namespace qtl::inline v0 {

/// One policy as a structural value; two policies that mean the same compare equal.
struct policy_desc {
  short_name format;
  format_kind kind = format_kind::custom;
  int bits = 0;
  short_name scheme;
  zero_point_kind zero_point = zero_point_kind::none;
  short_name granularity;
  std::int64_t block_rows = 0;  ///< 0: the whole extent
  std::int64_t block_cols = 0;
  short_name scale_format;
  scale_rule rule = scale_rule::nearest;
  bool two_levels = false;  ///< block scales times an f32 scale per tensor
  rounding_mode mode = rounding_mode::nearest_even;
  std::uint64_t seed = 0;
  bool is_dynamic = false;

  friend constexpr bool operator==(const policy_desc&, const policy_desc&) = default;

  constexpr bool is_unscaled() const { return scheme == unscaled::name; }
};

/// A weight's and an activation's.
struct linear_desc {
  policy_desc weight;
  policy_desc activation;

  friend constexpr bool operator==(const linear_desc&, const linear_desc&) = default;
};

/// P as a value.
template<QuantPolicy P>
constexpr policy_desc describe() {
  using F = typename P::format;
  using G = typename P::granularity;
  using S = typename P::scale;
  policy_desc d;
  d.format = F::name;
  d.kind = kind_of<F>;
  d.bits = F::bits;
  d.scheme = P::scheme::name;
  d.zero_point = P::scheme::zero_point;
  d.granularity = G::name;
  d.block_rows = G::block_rows;
  d.block_cols = G::block_cols;
  d.scale_format = S::format::name;
  d.rule = S::rule;
  d.two_levels = S::two_levels;
  d.mode = P::rounding_tag::mode;
  d.seed = P::rounding_tag::seed;
  d.is_dynamic = P::is_dynamic && !d.is_unscaled();  // without a scale there is nothing to take
  return d;
}

/// A pair of policies as a value.
template<QuantPolicy W, QuantPolicy A>
constexpr linear_desc describe_linear() {
  return {describe<W>(), describe<A>()};
}

/// The rounding's name.
constexpr const char* to_string(rounding_mode mode) {
  constexpr const char* names[] = {"nearest_even", "nearest_away", "toward_zero", "floor",
                                   "stochastic"};
  return names[static_cast<int>(mode)];
}

/// As one would say it, defaults left out: "s4 symmetric per_group<128>, f16 scales".
constexpr fixed_text<128> to_text(const policy_desc& d) {
  fixed_text<128> text(d.format.view());
  text.append(" ").append(d.scheme.view());
  if (d.is_unscaled()) return text;
  text.append(" ").append(d.granularity.view());
  if (d.scale_format.view() != "f32") text.append(", ").append(d.scale_format.view());
  if (d.rule != scale_rule::nearest && d.rule != scale_rule::floor)
    text.append(" ").append(to_string(d.rule));
  if (d.two_levels) text.append(" x f32");
  if (d.scale_format.view() != "f32") text.append(" scales");
  if (d.mode != rounding_mode::nearest_even) text.append(", ").append(to_string(d.mode));
  if (d.is_dynamic) text.append(", dynamic");
  return text;
}

/// Both policies: "weights s4 ... | activations s8 ...".
constexpr fixed_text<256> to_text(const linear_desc& d) {
  fixed_text<256> text("weights ");
  return text.append(to_text(d.weight).view())
      .append(" | activations ")
      .append(to_text(d.activation).view());
}

}  // namespace qtl::inline v0
