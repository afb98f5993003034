// SPDX-License-Identifier: Apache-2.0
// Faults planted in a whole TMA, mbarrier and wgmma kernel: each is found under every seed, and the
// report says what it is.
#include <string>

#include <doctest/doctest.h>

#include "gpu/hopper_product_run.hpp"

namespace {

using qtl_test::hopper_product;
using qtl_test::product_fault;

std::string report_of(const qtl::status& s) {
  return s.ok() ? "" : qtl::gpu::emulated::last_failure();
}

/// Under every seed the launch fails, and the report has one of the two parts.
template<product_fault Fault>
void check_found(const std::string& part, const std::string& or_part = "?") {
  using kernel = hopper_product<Fault>;
  const qtl_test::product_case c{128, 64, 896};
  qtl_test::for_each_seed(
      [&] {
        const qtl_test::device_array<std::int32_t> y(c.m * c.n);
        const std::string report = report_of(qtl::gpu::launch<kernel>(c.params<kernel>(y)));
        CAPTURE(report);
        const bool found = report.find(part) != std::string::npos;
        CHECK((found || report.find(or_part) != std::string::npos));
      },
      5);
}

TEST_CASE("consumers that do not wait for the copies") {
  check_found<product_fault::no_full_wait>("still in flight", "nobody has written");
}
TEST_CASE("a stage given back while its products run") {
  check_found<product_fault::early_release>("the stage was released too early");
}
TEST_CASE("a producer that waits for the wrong parity") {
  check_found<product_fault::wrong_parity>(
      "wait at mbarrier.try_wait.parity for the barrier at shared_base() + 24 (8 of 8 arrivals and "
      "0 bytes are missing), parity 0");
}
TEST_CASE("a full barrier that expects no bytes") {
  // The products come too early, or the bytes do: then the phase never ends.
  check_found<product_fault::no_expect_tx>("still in flight", "-49152 bytes are missing");
}
TEST_CASE("sums stored while the last products run") {
  check_found<product_fault::no_product_wait>("wgmma_wait is missing");
}
TEST_CASE("barriers that are not published") {
  check_found<product_fault::no_init_fence>("was not fenced after its init");
}
TEST_CASE("products without a fence") {
  check_found<product_fault::no_product_fence>("no wgmma.fence before the first product");
}
TEST_CASE("registers that the block does not have") {
  check_found<product_fault::too_many_registers>("setmaxnreg.inc for free registers per thread");
}
TEST_CASE("a stage given back twice") {
  check_found<product_fault::one_arrival_too_many>("the stage was released too early", "deadlock");
}

}  // namespace
