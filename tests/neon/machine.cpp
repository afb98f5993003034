// SPDX-License-Identifier: Apache-2.0
// tests/neon/machine.cpp - that the machine which runs the kernels' tests for NEON has it, and that
// layers choose it. Without this a machine that lacks it would pass them all by skipping the level.
#include <string_view>

#include <doctest/doctest.h>

#include "qtl/cpu.hpp"

namespace {

using namespace qtl;

void check_layers(std::string_view integer_name) {
  const auto w = value_or_throw(matrix<float>::make(40, 70));
  const QLinear<w8a8::weight, w8a8::activation> integers{quantize<w8a8::weight>(w)};
  const QLinear<w4a16::weight, a32> reals{quantize<w4a16::weight>(w)};
  CHECK(std::string_view(integers.kernel_name()) == integer_name);
  CHECK(std::string_view(reals.kernel_name()) == "real_neon_dot");
}

TEST_CASE("layers run on NEON with i8mm") {
  CHECK(is_available(isa_level::neon_dot));
  CHECK(is_available(isa_level::neon_i8mm));
  check_layers("integer_neon_i8mm");
}

TEST_CASE("layers run on NEON without i8mm" * doctest::skip()) {
  CHECK(is_available(isa_level::neon_dot));
  CHECK_FALSE(is_available(isa_level::neon_i8mm));
  check_layers("integer_neon_dot");
}

}  // namespace
