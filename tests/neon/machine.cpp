// SPDX-License-Identifier: Apache-2.0
// tests/neon/machine.cpp - that the machine which runs the kernels' tests for NEON has it, and that
// layers choose it. Without this a machine that lacks it would pass them all by skipping the level.
#include <string_view>

#include <doctest/doctest.h>

#include "qtl/cpu.hpp"

namespace {

using namespace qtl;

TEST_CASE("layers run on NEON") {
  CHECK(is_available(isa_level::neon_dot));
  const auto w = value_or_throw(matrix<float>::make(40, 70));
  const QLinear<w8a8::weight, w8a8::activation> integers{quantize<w8a8::weight>(w)};
  const QLinear<w4a16::weight, a32> reals{quantize<w4a16::weight>(w)};
  CHECK(std::string_view(integers.kernel_name()) == "integer_neon_dot");
  CHECK(std::string_view(reals.kernel_name()) == "real_neon_dot");
}

}  // namespace
