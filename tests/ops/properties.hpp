// SPDX-License-Identifier: Apache-2.0
// tests/ops/properties.hpp - properties of one policy on one matrix, for the quick tests and for
// the slow ones, which take every shape.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "ops/policy_cases.hpp"

namespace qtl_test {

/// check(policy_case) for all of them.
template<class F>
void for_each_case(F&& check) {
  for (const policy_case& c : policy_cases()) {
    const std::string name = qtl::to_text(c.desc).c_str();
    CAPTURE(name);
    check(c);
  }
}

/// Quantizing the reals of a tensor with its own parameters gives its codes.
inline void check_codes_return(const policy_case& c, const qtl::matrix<float>& x) {
  if (!c.rounds_to_nearest()) return;
  const tensor_image q = c.quantize(x.view());
  for (std::size_t e = 0; e < q.codes.size(); ++e) {
    const float real = q.reals.data()[e];
    const std::uint32_t again = c.encode(real, q.params[e]);
    if (real == 0.0f && again != q.codes[e])  // fp4_bnb has two codes of zero
      CHECK(c.decode(again, q.params[e]) == 0.0f);
    else
      REQUIRE(again == q.codes[e]);
  }
}

/// Integers: at most half a step inside the range of the codes, the nearest end outside of it.
inline void check_half_step(const policy_case& c, const qtl::matrix<float>& x) {
  if (!c.is_integer() || !c.rounds_to_nearest()) return;
  const tensor_image q = c.quantize(x.view());
  for (std::size_t e = 0; e < q.codes.size(); ++e) {
    const element_params& p = q.params[e];
    const double real = x.data()[e];
    const double first = double{p.scale} * (c.bounds.qmin - p.zero_point) - double{p.shift};
    const double last = double{p.scale} * (c.bounds.qmax - p.zero_point) - double{p.shift};
    const double nearest = std::clamp(real, std::min(first, last), std::max(first, last));
    const double step = std::fabs(double{p.scale});
    const double slack = 0x1p-21 * (std::fabs(real) + std::fabs(double{p.shift}) + step);
    const double limit = std::fabs(real - nearest) + (real == nearest ? step / 2 : 0.0) + slack;
    REQUIRE(std::fabs(real - double{q.reals.data()[e]}) <= limit);
  }
}

}  // namespace qtl_test
