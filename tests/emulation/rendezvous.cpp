// SPDX-License-Identifier: Apache-2.0
// emulation/rendezvous.cpp - instructions that lanes execute together: the last to come acts for
// all.
#include <cstring>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

bool same(const char* a, const char* b) { return a == b || std::strcmp(a, b) == 0; }

std::string hexadecimal(std::uint32_t mask) {
  std::string text = "0x00000000";
  for (std::size_t i = 0; i < 8; ++i) text[9 - i] = "0123456789abcdef"[mask >> 4 * i & 15];
  return text;
}

[[noreturn]] void fail_divergent(const char* instruction, std::uint32_t mask,
                                 const rendezvous& other) {
  fail_launch(instruction, "divergent collective: lanes " + hexadecimal(other.arrived) +
                               " of the warp wait at " + other.instruction + " with mask " +
                               hexadecimal(other.mask) + ", this lane comes with mask " +
                               hexadecimal(mask));
}

/// The meeting that this lane joins. Lanes that wait for this one elsewhere, while it would wait
/// for them here, never meet.
rendezvous& meeting_of(const fiber& f, const char* instruction, std::uint32_t mask) {
  warp& w = *f.of;
  for (rendezvous& m : w.meetings) {
    if (m.mask == mask && same(m.instruction, instruction)) return m;
    if ((m.mask >> f.lane & 1) != 0 && (mask & m.arrived) != 0)
      fail_divergent(instruction, mask, m);
  }
  w.meetings.emplace_back();
  rendezvous& m = w.meetings.back();
  m.instruction = instruction;
  m.mask = mask;
  std::memset(m.lanes, 0, sizeof m.lanes);
  return m;
}

void check_mask(const fiber& f, const char* instruction, std::uint32_t mask) {
  if ((mask >> f.lane & 1) == 0)
    fail_launch(instruction, "the mask " + hexadecimal(mask) + " leaves out the lane itself");
  if ((mask & f.of->exited) != 0)
    fail_launch(instruction, "the mask " + hexadecimal(mask) + " names lanes that have ended: " +
                                 hexadecimal(mask & f.of->exited));
}

}  // namespace

void warp_collective(const char* instruction, std::uint32_t mask, void* mine,
                     void (*act)(void* const* lanes)) {
  fiber& f = running_fiber(instruction);
  warp& w = *f.of;
  check_mask(f, instruction, mask);
  rendezvous& m = meeting_of(f, instruction, mask);
  m.lanes[f.lane] = mine;
  m.arrived |= 1u << f.lane;
  if (m.arrived != (mask & w.present)) return suspend({instruction});
  if (m.arrived == w.present) w.banks.count_all();
  machine.blamed_base = f.thread / 32 * 32;
  act(m.lanes);
  machine.blamed_thread = -1;
  const std::uint32_t others = m.arrived & ~(1u << f.lane);
  if (&m != &w.meetings.back()) m = w.meetings.back();
  w.meetings.pop_back();
  make_runnable(w, others);
  note_progress();
  steps_left -= 4;
  step(instruction);
}

void warpgroup_collective(const char* instruction, void* mine, void (*act)(void* const* lanes)) {
  fiber& f = running_fiber(instruction);
  warpgroup& g = f.home->groups[f.thread / 128];
  const unsigned first = f.thread / 128 * 128;
  if (first + 128 > f.threads)
    fail(instruction, "needs 128 threads from a multiple of 128 on; the block has fewer");
  if (g.arrived == 0) {
    g.instruction = instruction;
    std::memset(g.threads, 0, sizeof g.threads);
  } else if (!same(g.instruction, instruction)) {
    fail_launch(instruction, "divergent collective: " + std::to_string(g.arrived) +
                                 " threads of the warpgroup wait at " + g.instruction);
  }
  g.threads[f.thread - first] = mine != nullptr ? mine : &g;
  if (++g.arrived < 128) return suspend({instruction});
  machine.blamed_base = first;
  act(g.threads);
  machine.blamed_thread = -1;
  g.arrived = 0;
  for (unsigned i = 0; i < 4; ++i) {
    warp& w = f.home->warps[first / 32 + i];
    w.banks.count_all();
    make_runnable(w, w.present);
  }
  note_progress();
  yield(instruction);
}

void check_thread_end(fiber& f) {
  if (!f.copies.empty()) fail("exit", "a thread ends while its cp.async copies still run");
  for (const rendezvous& m : f.of->meetings)
    if ((m.mask >> f.lane & 1) != 0)
      fail_launch("exit", "a thread ends while lanes " + hexadecimal(m.arrived) +
                              " of its warp wait for it at " + m.instruction);
  const warpgroup& g = f.home->groups[f.thread / 128];
  if (g.arrived != 0)
    fail_launch("exit",
                std::string("a thread ends while its warpgroup waits for it at ") + g.instruction);
  check_barriers_without(f);
}

}  // namespace qtl::inline v0::gpu::emulated
