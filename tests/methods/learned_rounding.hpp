// SPDX-License-Identifier: Apache-2.0
// tests/methods/learned_rounding.hpp - what holds for every method that learns to round.
#pragma once

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "qtl/policy/descriptor.hpp"

#include "effort.hpp"
#include "methods/sample_layers.hpp"
#include "methods/threads.hpp"

namespace qtl_test {

using s4_g128 = qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<128>>;

/// The output error is at most this share of plain rounding's.
template<class P, class Method>
void check_not_worse(const Method& method, double at_most) {
  const sample_layer layer = correlated_layer(24, 192, 150, 3);
  const auto r = method.template apply<P>(layer.samples());
  REQUIRE(r.ok());
  const double ratio =
      std::sqrt(exact_output_error(layer.samples(), *r) / nearest_output_error<P>(layer.samples()));
  MESSAGE(std::string(qtl::to_text(qtl::describe<P>()).view())
          << ": output error " << ratio << " of plain rounding's");
  CHECK(ratio <= effort(at_most, 1.0));
}

/// The same bits on every run and on two threads.
template<class Method>
void check_same_bits(Method method) {
  const sample_layer layer = correlated_layer(150, 64, 60, 5);
  racing_threads pool{2};
  const auto a = method.template apply<s4_g128>(layer.samples());
  method.executor = pool;
  const auto b = method.template apply<s4_g128>(layer.samples());
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK(same_tensor(a->weight, b->weight));
}

/// The code with which the method refuses a small layer: for options.
template<class Method>
qtl::error_code refusal(const Method& method) {
  return method.template apply<s4_g128>(correlated_layer(4, 16, 8, 1).samples()).why().code;
}

/// Samples that do not fit or are not finite are refused.
template<class Method>
void check_bad_samples(const Method& method) {
  const sample_layer good = correlated_layer(4, 16, 8, 1);
  const auto code = [&](const qtl::layer_samples& layer) {
    return method.template apply<s4_g128>(layer).why().code;
  };
  CHECK(code(good.samples()) == qtl::error_code::ok);
  CHECK(code({good.weight.view(), {}}) == qtl::error_code::invalid_argument);
  CHECK(code({good.weight.view(), {good.inputs.data(), 4, 15}}) == qtl::error_code::shape_mismatch);
  sample_layer bad = correlated_layer(4, 16, 8, 1);
  bad.inputs(1, 2) = qtl::infinity;
  CHECK(code(bad.samples()) == qtl::error_code::not_finite);
  bad = correlated_layer(4, 16, 8, 1);
  bad.weight(1, 2) = qtl::quiet_nan;
  CHECK(code(bad.samples()) == qtl::error_code::not_finite);
}

/// Policies without scale, layers of zeros and layers without rows: plain rounding.
template<class Method>
void check_nothing_to_learn(const Method& method) {
  const sample_layer layer = correlated_layer(4, 16, 8, 1);
  const auto plain = method.template apply<qtl::policy<qtl::bf16, qtl::unscaled>>(layer.samples());
  REQUIRE(plain.ok());
  CHECK_FALSE(plain->note.empty());

  const sample_layer zero{*qtl::matrix<float>::make(3, 16), *qtl::matrix<float>::make(2, 16)};
  const auto nothing = method.template apply<s4_g128>(zero.samples());
  REQUIRE(nothing.ok());
  CHECK(same_tensor(nothing->weight, qtl::quantize<s4_g128>(zero.weight)));
  CHECK(method.template apply<s4_g128>({{nullptr, 0, 16}, layer.inputs.view()}).ok());
}

}  // namespace qtl_test
