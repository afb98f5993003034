// SPDX-License-Identifier: Apache-2.0
// bench/gpu/ceilings.cpp - one large copy, one large product.
#include "ceilings.hpp"

#include "contestants.hpp"

namespace qtl_bench {

namespace {

// The first contestant's median in the steady regime; 0 where it did not run.
double seconds_of(std::vector<made> contestants, const effort& e, telemetry& chip) {
  const case_outcomes result = run_rounds(contestants, e, e.case_warm, chip);
  return result.outcomes[0].seconds(regime::steady);
}

}  // namespace

ceilings measure_ceilings(const effort& e, telemetry& chip) {
  ceilings c;
  if (!is_real_device()) return c;
  // A copy moves 3 bytes for each element (contestants.hpp), 1.5 of them read.
  constexpr shape tokens{65536, 0, 10923};
  const double copy = seconds_of(copies(tokens), e, chip);
  if (copy > 0)
    c.copy_bytes = 3.0 * static_cast<double>(tokens.m) * static_cast<double>(tokens.k) / copy;
  constexpr shape square{8192, 8192, 8192};
  const double product = seconds_of(cublaslt_bf16(square), e, chip);
  if (product > 0) c.bf16_operations = square.operations() / product;
  return c;
}

}  // namespace qtl_bench
