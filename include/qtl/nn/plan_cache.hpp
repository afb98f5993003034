// SPDX-License-Identifier: Apache-2.0
// qtl/nn/plan_cache.hpp - the plans of a layer's last few numbers of tokens.
// Holds: plan_cache. Threads may share one: nobody waits. Who finds a plan in another's hands makes his own.
#pragma once

#include <atomic>
#include <cstdint>

#include "qtl/gemm/plan.hpp"

namespace qtl::inline v0 {

/// Plans by m, as many as there are slots; a new one takes the place of the oldest. Allocates
/// nothing and never blocks.
class plan_cache {
 public:
  static constexpr int slots = 8;

  /// Copies the plan for m tokens; false where there is none, or another thread is copying it.
  bool find(std::int64_t m, gemm_plan& plan) const {
    if (m < 0) return false;  // as slots have it that nobody has used
    for (const slot& s : slots_)
      if (s.m.load(std::memory_order_relaxed) == m) {
        const held_slot held(s);
        // It may have been given away between the two looks.
        if (!held.is_ours || s.plan.m != m) return false;
        plan = s.plan;
        return true;
      }
    return false;
  }

  /// Keeps a copy, unless another thread holds its slot at this moment.
  void keep(const gemm_plan& plan) {
    slot& s = slot_for(plan.m);
    const held_slot held(s);
    if (!held.is_ours) return;
    s.plan = plan;
    s.plan.has_changed = false;
    s.m.store(plan.m, std::memory_order_relaxed);
  }

 private:
  struct slot {
    std::atomic<std::int64_t> m{-1};
    mutable std::atomic<bool> is_held{false};
    gemm_plan plan;
  };

  /// A slot while its plan is copied, if nobody else has it.
  struct held_slot {
    const slot& of;
    const bool is_ours;

    explicit held_slot(const slot& s)
        : of(s), is_ours(!s.is_held.exchange(true, std::memory_order_acquire)) {}
    ~held_slot() {
      if (is_ours) of.is_held.store(false, std::memory_order_release);
    }
    held_slot(const held_slot&) = delete;
    held_slot& operator=(const held_slot&) = delete;
  };

  slot& slot_for(std::int64_t m) {
    for (slot& s : slots_)
      if (s.m.load(std::memory_order_relaxed) == m) return s;
    return slots_[next_.fetch_add(1, std::memory_order_relaxed) % slots];
  }

  slot slots_[slots];
  std::atomic<unsigned> next_{0};
};

}  // namespace qtl::inline v0
