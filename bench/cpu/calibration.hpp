// SPDX-License-Identifier: Apache-2.0
// bench/cpu/calibration.hpp - what the machine can do at this moment: int8, f32 and bf16
// arithmetic, reading from DRAM.
// Holds: peaks, calibrator. A shared machine changes speed from second to second; a figure is set against the peak of
// its own moment, on as many threads.
#pragma once

#include <cstdint>

#include "qtl/base/buffer.hpp"
#include "qtl/base/executor.hpp"

#include "contestant.hpp"

namespace qtl_bench {

/// Zero: not known for this machine, or not asked for.
struct peaks {
  double int8 = 0;  ///< operations per second
  double f32 = 0;
  double bf16 = 0;
  double dram = 0;  ///< bytes per second

  double of(peak_kind kind) const {
    return kind == peak_kind::int8 ? int8 : kind == peak_kind::f32 ? f32 : bf16;
  }
  friend peaks mean(const peaks& a, const peaks& b) {
    return {(a.int8 + b.int8) / 2, (a.f32 + b.f32) / 2, (a.bf16 + b.bf16) / 2,
            (a.dram + b.dram) / 2};
  }
};

class calibrator {
 public:
  explicit calibrator(const qtl::executor_ref& executor);
  /// A few milliseconds. Reading from DRAM empties all caches, so hot cases do without it.
  peaks measure(bool with_dram);

 private:
  double measure_dram();

  qtl::executor_ref executor_;
  qtl::buffer<std::byte> memory_;
  std::int64_t next_window_ = 0;
};

/// The instructions of the peaks, for people.
const char* int8_peak_name();
const char* f32_peak_name();
const char* bf16_peak_name();

}  // namespace qtl_bench
