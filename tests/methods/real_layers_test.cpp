// SPDX-License-Identifier: Apache-2.0
// tests/methods/real_layers_test.cpp - HQQ's own objective on the weights of the bundled network.
// What methods do to outputs there: examples/methods, run by ./dev test --slow.
#include <doctest/doctest.h>

#include "qtl/io/safetensors_file.hpp"
#include "qtl/methods/hqq.hpp"

namespace {

using namespace qtl;

TEST_CASE_TEMPLATE("HQQ lowers its objective on every real weight", P,
                   policy<s4, symmetric, per_group<128>>, policy<s3, symmetric, per_group<128>>,
                   policy<s2, symmetric, per_group<64>>) {
  const io::safetensors_file file("../examples/fashion_mnist/model.safetensors");
  const hqq method;
  int weights = 0;
  for (const io::tensor_info& tensor : file.tensors()) {
    if (!tensor.name.ends_with(".weight")) continue;
    CAPTURE(tensor.name);
    const matrix<float> w = file.matrix(tensor.name);
    const auto made = method.apply<P>({w.view(), {}});
    REQUIRE(made.ok());
    CHECK(method.objective<P>(w.view(), made->weight) <
          method.objective<P>(w.view(), quantize<P>(w)));
    ++weights;
  }
  CHECK(weights == 3);
}

}  // namespace
