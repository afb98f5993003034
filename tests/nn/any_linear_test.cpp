// SPDX-License-Identifier: Apache-2.0
// tests/nn/any_linear_test.cpp - layers whose policies are named at run time.
#include "qtl/nn/any_linear.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "nn/checked_backend.hpp"
#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using few = type_list<w8a8, w8a8_static, w4a16_g32>;

TEST_CASE("made from a descriptor, it is the layer of those policies") {
  const matrix<float> w = qtl_test::noise_matrix(6, 70, 1);
  const matrix<float> x = qtl_test::noise_matrix(3, 70, 2);
  const std::vector<float> bias = qtl_test::noise_vector(6, 3);
  const auto any = try_make_linear(few{}, *preset_by_name("w4a16_g32"), w.view(), bias);
  REQUIRE(any.ok());
  const QLinear<w4a16_g32::weight, w4a16_g32::activation> layer{quantize<w4a16_g32::weight>(w),
                                                                bias};
  CHECK(qtl_test::same_matrix(any->try_apply(x.view())->view(), layer(x).view()));
  CHECK(any->in_features() == 70);
  CHECK(any->out_features() == 6);
  CHECK(std::string(any->kernel_name()) == layer.kernel_name());
  CHECK(any->workspace_size(3) == layer.workspace_size(3));
  CHECK(any->desc() == *preset_by_name("w4a16_g32"));
  std::vector<std::byte> workspace(static_cast<std::size_t>(any->workspace_size(3)));
  matrix<float> y = *matrix<float>::make(3, 6);
  CHECK(any->run(x.view(), y.view(), {workspace, {}, nullptr}).ok());
  CHECK(qtl_test::same_matrix(y.view(), layer(x).view()));
}

TEST_CASE("a static activation takes the calibrated range") {
  const matrix<float> w = qtl_test::noise_matrix(6, 70, 1);
  const matrix<float> x = qtl_test::noise_matrix(3, 70, 2);
  const value_range range = scan_range(x.view()).range();
  const auto any = try_make_linear(few{}, *preset_by_name("w8a8_static"), w.view(), {}, range);
  REQUIRE(any.ok());
  const QLinear<w8a8_static::weight, w8a8_static::activation> layer{
      quantize<w8a8_static::weight>(w), std::vector<float>{},
      calibrate<w8a8_static::activation>(x)};
  CHECK(qtl_test::same_matrix(any->try_apply(x.view())->view(), layer(x).view()));
}

TEST_CASE("errors: not in the list, a NaN in the weight, a bias that does not fit") {
  const matrix<float> w = qtl_test::noise_matrix(6, 70, 1);
  const status missing = try_make_linear(few{}, *preset_by_name("w4a16"), w.view()).why();
  CHECK(missing.code == error_code::unsupported);
  CHECK(
      missing.message ==
      "desc: no instantiated policy for weights s4 symmetric per_group<128>, f16 scales | activations f16 unscaled; nearest is w4a16_g32");
  matrix<float> bad = w;
  bad(4, 5) = quiet_nan;
  CHECK(try_make_linear(few{}, *preset_by_name("w8a8"), bad.view()).why().code ==
        error_code::not_finite);
  const std::vector<float> five(5);
  CHECK(try_make_linear(few{}, *preset_by_name("w8a8"), w.view(), five).why().code ==
        error_code::shape_mismatch);
  CHECK(try_make_linear(few{}, *preset_by_name("w8a8"), w.view())
            ->try_apply(qtl_test::noise_matrix(3, 71, 1).view())
            .why()
            .code == error_code::shape_mismatch);
}

TEST_CASE("an empty one says so") {
  const any_linear none;
  CHECK_FALSE(static_cast<bool>(none));
}

}  // namespace
