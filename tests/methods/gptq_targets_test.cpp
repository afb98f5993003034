// SPDX-License-Identifier: Apache-2.0
// tests/methods/gptq_targets_test.cpp - GPTQ on every kind of format and block: better than
// rounding on correlated inputs.
#include <doctest/doctest.h>

#include "qtl/methods/gptq.hpp"
#include "qtl/methods/output_error.hpp"
#include "qtl/policy/presets.hpp"

#include "methods/sample_layers.hpp"

namespace {

using namespace qtl;

TEST_CASE_TEMPLATE("every target", P, policy<u4, affine, per_group<32>, scaled_by<f16>>,
                   policy<u2, affine, per_group<64>>, policy<u3, affine_float_shift, per_group<48>>,
                   policy<s8, symmetric, per_channel>, policy<nf4, symmetric, per_group<64>>,
                   policy<e2m1, symmetric, per_group<64>>, policy<e4m3, symmetric, per_channel>,
                   policy<e4m3, symmetric, per_tensor>, policy<e4m3, symmetric, per_block<16, 64>>,
                   mx<e2m1>, mx<e4m3>, nvfp4_tensor<>) {
  const qtl_test::sample_layer layer = qtl_test::correlated_layer(20, 200, 256, 11);
  const double nearest = *output_error(layer.samples(), *rtn{}.apply<P>(layer.samples()));
  for (const bool act_order : {false, true}) {
    const auto r =
        gptq{.act_order = act_order, .compare_with_rtn = false}.apply<P>(layer.samples());
    REQUIRE(r.ok());
    CHECK(r->note.empty());
    CHECK(*output_error(layer.samples(), *r) < 0.9 * nearest);
  }
}

TEST_CASE("an unscaled format is rounded with feedback too") {
  using P = policy<bf16, unscaled>;
  const qtl_test::sample_layer layer = qtl_test::correlated_layer(8, 96, 128, 13);
  const auto r = gptq{}.apply<P>(layer.samples());
  REQUIRE(r.ok());
  CHECK(*output_error(layer.samples(), *r) <
        *output_error(layer.samples(), *rtn{}.apply<P>(layer.samples())));
}

}  // namespace
