// SPDX-License-Identifier: Apache-2.0
// bench/gpu/telemetry.cpp - one thread that reads lines.
#include "telemetry.hpp"

#include <array>

#include "../paired_timing.hpp"
#include "device.hpp"

namespace qtl_bench {

namespace {

// `exec` leaves no shell between. It ends when it finds the pipe closed.
constexpr const char* command =
    "exec nvidia-smi --query-gpu=clocks.sm,power.draw --format=csv,noheader,nounits "
    "--loop-ms=100 2>/dev/null";

}  // namespace

telemetry::telemetry() {
  if (!is_real_device()) return;
  reports_ = popen(command, "r");
  if (reports_ != nullptr) listener_ = std::thread([this] { listen(); });
}

telemetry::~telemetry() {
  stop_ = true;
  // It leaves at the next line, and closes the pipe.
  if (listener_.joinable()) listener_.join();
}

void telemetry::listen() {
  std::array<char, 256> line;
  while (!stop_ && std::fgets(line.data(), static_cast<int>(line.size()), reports_) != nullptr) {
    double clock = 0;
    double power = 0;
    if (std::sscanf(line.data(), "%lf , %lf", &clock, &power) != 2) continue;
    const std::lock_guard lock(mutex_);
    clocks_.push_back(clock);
    watts_.push_back(power);
  }
  pclose(reports_);
}

void telemetry::begin() {
  const std::lock_guard lock(mutex_);
  clocks_.clear();
  watts_.clear();
}

chip_state telemetry::end() {
  const std::lock_guard lock(mutex_);
  return {median(clocks_), median(watts_)};
}

}  // namespace qtl_bench
