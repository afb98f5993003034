// SPDX-License-Identifier: Apache-2.0
// bench/gpu/telemetry.hpp - the clock and the power of the GPU, as nvidia-smi tells them.
// Holds: chip_state, telemetry.
#pragma once

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

namespace qtl_bench {

/// Medians over a stretch of time; zeros where nothing was heard.
struct chip_state {
  double clock_mhz = 0;
  double watts = 0;
};

/// Listens to an nvidia-smi that reports several times a second.
class telemetry {
 public:
  telemetry();
  ~telemetry();
  telemetry(const telemetry&) = delete;
  telemetry& operator=(const telemetry&) = delete;

  /// Forgets what was heard until now.
  void begin();
  /// What was heard since.
  chip_state end();

 private:
  void listen();

  std::FILE* reports_ = nullptr;
  std::thread listener_;
  std::mutex mutex_;
  std::vector<double> clocks_, watts_;
  std::atomic<bool> stop_{false};
};

}  // namespace qtl_bench
