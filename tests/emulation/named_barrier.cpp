// SPDX-License-Identifier: Apache-2.0
// emulation/named_barrier.cpp - the sixteen barriers of a block: arrivals counted, misuse named.
#include <algorithm>
#include <bit>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr unsigned barriers = 16;

std::string of_barrier(unsigned id) { return "barrier " + std::to_string(id); }

void check_request(const fiber& f, const char* instruction, unsigned id, unsigned threads) {
  if (id >= barriers)
    fail_launch(instruction, of_barrier(id) + " does not exist: a block has barriers 0 to 15");
  if (threads % 32 != 0 && threads != f.threads)
    fail_launch(instruction,
                of_barrier(id) + " for " + std::to_string(threads) + " threads: no multiple of 32");
  if (threads > f.threads)
    fail_launch(instruction, of_barrier(id) + " for " + std::to_string(threads) +
                                 " threads: the block has " + std::to_string(f.threads));
}

/// How many arrivals the barrier can still have: those there are, and every other live thread.
unsigned reachable(const named_barrier& b, const thread_block& home) {
  unsigned most = b.arrived;
  for (std::size_t i = 0; i < home.warps.size(); ++i) {
    const warp& w = home.warps[i];
    most += static_cast<unsigned>(std::popcount(w.present & ~w.exited & ~b.arrivals[i]));
  }
  return most;
}

void join(named_barrier& b, const fiber& f, const char* instruction, unsigned id,
          unsigned threads) {
  if (b.arrived == 0) {
    b.expected = threads;
  } else if (b.expected != threads) {
    fail_launch(instruction, of_barrier(id) + " for " + std::to_string(threads) +
                                 " threads, while others wait there for " +
                                 std::to_string(b.expected));
  }
  std::uint32_t& of_warp = b.arrivals[f.thread / 32];
  if ((of_warp >> f.lane & 1) != 0)
    fail_launch(instruction, of_barrier(id) + ": the thread has already arrived in this phase");
  of_warp |= 1u << f.lane;
  ++b.arrived;
  b.order.release();
  if (f.home->live < f.threads && reachable(b, *f.home) < threads)
    fail_launch(instruction, of_barrier(id) + " for " + std::to_string(threads) + " threads: " +
                                 std::to_string(f.threads - f.home->live) + " have ended");
}

/// The count is reached: warps must be here as a whole.
void complete(named_barrier& b, thread_block& home, const char* instruction, unsigned id) {
  for (std::size_t i = 0; i < home.warps.size(); ++i) {
    warp& w = home.warps[i];
    if (b.arrivals[i] != 0 && b.arrivals[i] != w.present)
      fail_launch(instruction, of_barrier(id) + ": only " +
                                   std::to_string(std::popcount(b.arrivals[i])) +
                                   " lanes of warp " + std::to_string(i) + " are there");
    if (b.arrivals[i] != 0) w.banks.count_all();
    if (b.waiting[i] != 0) b.order.acquire(w);
    make_runnable(w, b.waiting[i]);
  }
  b.begin_phase();
}

}  // namespace

void named_barrier::begin_phase() {
  expected = arrived = 0;
  std::ranges::fill(arrivals, 0u);
  std::ranges::fill(waiting, 0u);
  order.clear();
}

void block_barrier(const char* instruction, unsigned id, unsigned threads, bool waits) {
  fiber& f = running_fiber(instruction);
  if (threads == 0) threads = f.threads;
  check_request(f, instruction, id, threads);
  named_barrier& b = f.home->barriers[id];
  join(b, f, instruction, id, threads);
  note_progress();
  if (b.arrived == b.expected && waits) b.order.acquire(*f.of);
  if (b.arrived < b.expected) {
    if (!waits) return yield(instruction);
    b.waiting[f.thread / 32] |= 1u << f.lane;
    return suspend({instruction, "of barrier", id});
  }
  complete(b, *f.home, instruction, id);
  machine.current_warp = nullptr;  // any warp may go on first
  yield(instruction);
}

void check_barriers_without(const fiber& f) {
  for (unsigned id = 0; id < barriers; ++id) {
    const named_barrier& b = f.home->barriers[id];
    const bool is_there = (b.arrivals[f.thread / 32] >> f.lane & 1) != 0;
    if (b.arrived == 0 || is_there || reachable(b, *f.home) - 1 >= b.expected) continue;
    fail_launch("exit", "a thread ends while " + std::to_string(b.arrived) + " of " +
                            std::to_string(b.expected) + " wait for it at " + of_barrier(id));
  }
}

}  // namespace qtl::inline v0::gpu::emulated
