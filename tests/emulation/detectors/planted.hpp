// SPDX-License-Identifier: Apache-2.0
// emulation/detectors/planted.hpp - how a planted fault is run and its report read.
#pragma once

#include <cstdint>
#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/emulated.hpp"

namespace qtl_test {

/// The shape of a small launch.
struct shape {
  unsigned threads = 32;
  std::uint32_t shared_bytes = 0;
  unsigned blocks = 1;
  qtl::gpu::gpu_target least_target = qtl::gpu::gpu_target::sm_80;
  unsigned cluster_blocks = 1;
};

/// Whether a report says who it was: kernel, seed, block, thread and instruction; where no thread
/// can go on, who waits where; and beside a finished launch its kernel and seed.
inline bool names_who(const std::string& report) {
  const std::string seed = std::to_string(qtl::gpu::emulated::current_settings().seed);
  const std::string block = R"(block \(\d+, \d+, \d+\))";
  const std::regex form("planted: seed " + seed + ", (" + block + R"(, thread \d+, \S.*: .+|)" +
                        "deadlock: no thread can run; " + block + R"(, threads \d.* wait at .+|)" +
                        "something wrote beside .+)");
  return std::regex_match(report, form);
}

/// Runs body(params) in every thread of a kernel named "planted" and returns the report: empty when
/// nothing was found.
template<class P>
std::string report_of(const shape& s, void (*body)(const P&), const P& params) {
  struct call {
    void (*body)(const P&);
    const P* params;
  };
  const call what{body, &params};
  qtl::gpu::emulated::launch_order order;
  order.kernel = "planted";
  order.grid = {s.blocks, 1, 1};
  order.threads = s.threads;
  order.cluster_blocks = s.cluster_blocks;
  order.shared_bytes = s.shared_bytes;
  order.least_target = s.least_target;
  order.run = [](const void* data) {
    const call& c = *static_cast<const call*>(data);
    c.body(*c.params);
  };
  order.params = &what;
  const qtl::status result = qtl::gpu::emulated::launch(order);
  // A launch that is refused has no report; its status says why.
  if (!result.ok() && result.code != qtl::error_code::device_failed) {
    CHECK(result.message.view().starts_with("launch of planted: "));
    return result.message.c_str();
  }
  const std::string report = qtl::gpu::emulated::last_failure();
  CHECK(result.ok() == report.empty());
  if (!report.empty()) {
    CAPTURE(report);
    CHECK(names_who(report));
  }
  return report;
}

struct nothing {};

/// The same for a body without parameters.
inline std::string report_of(const shape& s, void (*body)(const nothing&)) {
  return report_of<nothing>(s, body, nothing{});
}

/// Under how many of the seeds 1 to `seeds` something is found.
template<class F>
int seeds_that_find(int seeds, F&& report) {
  qtl::gpu::emulated::settings& all = qtl::gpu::emulated::current_settings();
  const std::uint64_t before = all.seed;
  int found = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    all.seed = static_cast<std::uint64_t>(seed);
    found += !report().empty();
  }
  all.seed = before;
  return found;
}

/// The report contains the part; a failure prints both.
inline void check_report(const std::string& report, const std::string& part) {
  CAPTURE(report);
  CAPTURE(part);
  CHECK(report.find(part) != std::string::npos);
}

}  // namespace qtl_test
