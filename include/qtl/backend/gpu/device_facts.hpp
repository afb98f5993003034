// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/device_facts.hpp - what planning knows of a device, as a value.
// Holds: device_facts, targets_text, runs_on. Not here: how it is asked (gpu_backend.hpp).
#pragma once

#include <cstdint>
#include <span>

#include "qtl/base/fixed_text.hpp"

namespace qtl::inline v0 {

/// One device, as kernels and their tile sizes are chosen for it.
struct device_facts {
  fixed_text<64> name;
  int capability = 0;  ///< compute capability times 100: 800, 860, 890, 900, 1000, 1200
  int target = 0;      ///< what the code that runs on it was compiled for, written likewise
  int multiprocessors = 0;
  std::int64_t shared_per_block = 0;  ///< bytes that a block may ask for
  std::int64_t l2_bytes = 0;

  friend constexpr bool operator==(const device_facts&, const device_facts&) = default;
};

/// Whether machine code built for `target` runs on a device of that compute capability: the same
/// major number, and no larger minor one. From 9.0 on the library builds for the architecture
/// itself (sm_90a), which then runs nowhere else.
constexpr bool runs_on(int target, int capability) {
  if (target >= 900) return target == capability;
  return target / 100 == capability / 100 && target <= capability;
}

/// The newest of the targets that runs on a device, or 0.
constexpr int best_target(std::span<const int> built, int capability) {
  int best = 0;
  for (const int target : built)
    if (runs_on(target, capability) && target > best) best = target;
  return best;
}

/// A target as compilers spell it: "sm_90a".
constexpr fixed_text<16> target_name(int target) {
  fixed_text<16> text("sm_");
  text.append(target / 10);
  return target >= 900 ? text.append("a") : text;
}

/// "sm_80, sm_89, sm_90a".
constexpr fixed_text<128> targets_text(std::span<const int> built) {
  fixed_text<128> text;
  for (const int target : built)
    text.append(text.empty() ? "" : ", ").append(target_name(target).view());
  return text.empty() ? fixed_text<128>("no architecture") : text;
}

}  // namespace qtl::inline v0
