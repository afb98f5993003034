// SPDX-License-Identifier: Apache-2.0
// emulation/mbarrier.cpp - barriers that count arrivals and bytes, and everything that can be wrong
// with them.
#include <cstdio>

#include "emulation/hopper.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr std::uint32_t barrier_bytes = 8;
constexpr std::int64_t most_arrivals = (1 << 20) - 1;
constexpr std::int64_t most_bytes = (1 << 20) - 1;

std::string name_of(const shared_place& at) {
  return text("the barrier at shared_base() + %zu", at.offset());
}

void describe(const shared_place& at, mbarrier& b) {
  std::snprintf(b.state, sizeof b.state,
                "for the barrier at shared_base() + %zu (%lld of %lld arrivals and %lld bytes are "
                "missing), parity",
                at.offset(), static_cast<long long>(b.missing), static_cast<long long>(b.arrivals),
                static_cast<long long>(b.bytes));
}

void mark(const shared_place& at, shared_state state) {
  thread_block& b = peer_block(at.rank);
  for (std::uint32_t i = 0; i < barrier_bytes; ++i) b.shadow[at.offset() + i] = state;
}

/// Ends the phase when nothing is missing any more.
void end_phase_if_complete(const shared_place& at, mbarrier& b) {
  if (b.missing == 0 && b.bytes == 0) {
    b.missing = b.arrivals;
    b.parity ^= 1;
    b.order.take(b.arriving);
    describe(at, b);
    notify(&b);
  } else {
    describe(at, b);
  }
}

void expect(const shared_place& at, mbarrier& b, std::uint32_t bytes, const char* instruction) {
  b.bytes += bytes;
  if (b.bytes > most_bytes)
    fail_launch(instruction, name_of(at) + text(" would expect %lld bytes, it counts to %lld",
                                                static_cast<long long>(b.bytes),
                                                static_cast<long long>(most_bytes)));
}

void arrive(const shared_place& at, mbarrier& b, const char* instruction) {
  if (b.missing == 0)
    fail_launch(instruction,
                "over-arrival: " + name_of(at) +
                    text(" has all %lld arrivals of its phase and waits for %lld bytes",
                         static_cast<long long>(b.arrivals), static_cast<long long>(b.bytes)));
  --b.missing;
  b.arriving.release();
  end_phase_if_complete(at, b);
}

bool has_ended(const mbarrier& b, std::uint32_t parity) { return b.parity != (parity & 1); }

void arrive_by_copy(std::uint32_t address, const char* instruction) {
  const shared_place at = locate(address);
  arrive(at, barrier_at(at, instruction), instruction);
}

[[maybe_unused]] const bool arrivals_are_ours = [] {
  arrive_at_mbarrier = &arrive_by_copy;
  return true;
}();

}  // namespace

mbarrier& barrier_at(const shared_place& at, const char* instruction) {
  std::map<std::uint32_t, mbarrier>& all = hopper_of(at.rank).barriers;
  const auto found = all.find(at.address);
  if (found == all.end())
    fail_launch(
        instruction,
        text("shared_base() + %lld holds no barrier: it was not initialized, or invalidated",
             static_cast<long long>(at.address) - shared_begin));
  return found->second;
}

void complete_bytes(const shared_place& at, std::uint32_t bytes, const char* instruction) {
  mbarrier& b = barrier_at(at, instruction);
  b.bytes -= bytes;
  b.arriving.release();
  if (b.bytes < -most_bytes)
    fail_launch(instruction,
                name_of(at) + " received more bytes than it can count: nobody expects them");
  end_phase_if_complete(at, b);
}

void mbarrier_init(std::uint32_t barrier, std::uint32_t arrivals) {
  constexpr const char* instruction = "mbarrier.init";
  step(instruction);
  if (arrivals == 0 || arrivals > most_arrivals)
    fail_launch(instruction, text("%u arrivals, expected 1 to %lld", arrivals,
                                  static_cast<long long>(most_arrivals)));
  const shared_place at = locate(barrier);
  std::map<std::uint32_t, mbarrier>& all = hopper_here().barriers;
  if (all.contains(at.address))
    fail_launch(instruction, name_of(at) + " is initialized already: invalidate it first");
  shared_bytes_uncounted(barrier, barrier_bytes, barrier_bytes, access::write, instruction);
  mbarrier& b = all[at.address];
  b.arrivals = b.missing = arrivals;
  b.initialized_by = machine.current->thread;
  describe(at, b);
  mark(at, shared_state::mbarrier);
}

void mbarrier_invalidate(std::uint32_t barrier) {
  constexpr const char* instruction = "mbarrier.inval";
  step(instruction);
  const shared_place at = locate(barrier);
  const mbarrier& b = barrier_at(at, instruction);
  for (const fiber* f : machine.waiting)
    if (f->channel == &b) fail_launch(instruction, name_of(at) + " is still waited for");
  mark(at, shared_state::unwritten);
  hopper_here().barriers.erase(at.address);
}

void mbarrier_expect_tx(std::uint32_t barrier, std::uint32_t bytes) {
  constexpr const char* instruction = "mbarrier.expect_tx";
  require(instruction, gpu_target::sm_90a);
  step(instruction);
  const shared_place at = locate(barrier);
  mbarrier& b = barrier_at(at, instruction);
  expect(at, b, bytes, instruction);
  end_phase_if_complete(at, b);
}

void mbarrier_arrive(std::uint32_t barrier, std::uint32_t bytes) {
  const char* instruction = bytes != 0 ? "mbarrier.arrive.expect_tx" : "mbarrier.arrive";
  if (bytes != 0) require(instruction, gpu_target::sm_90a);
  often_yield(instruction);
  const shared_place at = locate(barrier);
  mbarrier& b = barrier_at(at, instruction);
  expect(at, b, bytes, instruction);
  arrive(at, b, instruction);
  often_yield(instruction);
}

void mbarrier_arrive_remote(std::uint32_t barrier, std::uint32_t rank) {
  constexpr const char* instruction = "mbarrier.arrive.shared::cluster";
  require(instruction, gpu_target::sm_90a);
  often_yield(instruction);
  const shared_place at = locate(map_shared(barrier, rank));
  if (peer_block(rank).live == 0)
    fail_launch(instruction,
                text("block %u of the cluster has ended: its shared memory is gone", rank));
  mbarrier& b = barrier_at(at, instruction);
  if (rank != machine.current->cluster_rank && !b.published)
    fail_launch(instruction, name_of(at) + " was not fenced by fence.mbarrier_init after its init");
  arrive(at, b, instruction);
  often_yield(instruction);
}

bool mbarrier_try_wait(std::uint32_t barrier, std::uint32_t parity) {
  constexpr const char* instruction = "mbarrier.try_wait.parity";
  poll(instruction);
  const mbarrier& b = barrier_at(locate(barrier), instruction);
  if (!has_ended(b, parity)) return false;
  b.order.acquire(*machine.current->of);
  return true;
}

void mbarrier_wait(std::uint32_t barrier, std::uint32_t parity) {
  constexpr const char* instruction = "mbarrier.try_wait.parity";
  often_yield(instruction);
  const mbarrier& b = barrier_at(locate(barrier), instruction);
  while (!has_ended(b, parity)) wait_on(&b, {instruction, b.state, parity & 1});
  b.order.acquire(*machine.current->of);
  often_yield(instruction);
}

}  // namespace qtl::inline v0::gpu::emulated
