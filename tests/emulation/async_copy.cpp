// SPDX-License-Identifier: Apache-2.0
// emulation/async_copy.cpp - cp.async as late as its rules allow.
// The source is read and the destination written in the wait that must not return before; until
// then the destination is poisoned and in flight.
#include <cstring>
#include <vector>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

void land(const pending_copy& copy, const char* instruction) {
  std::byte bytes[16] = {};
  const auto size = static_cast<std::size_t>(copy.source_bytes);
  if (size > 0)
    std::memcpy(bytes,
                global_bytes(copy.from, size, static_cast<std::size_t>(copy.bytes), access::read,
                             instruction),
                size);
  shared_landed(copy.to, static_cast<std::size_t>(copy.bytes));
  std::memcpy(shared_bytes_uncounted(copy.to, static_cast<std::size_t>(copy.bytes), 1,
                                     access::write, instruction),
              bytes, static_cast<std::size_t>(copy.bytes));
}

/// Lands the first `count` copies of the thread.
void land_first(fiber& f, std::size_t count, const char* instruction) {
  for (std::size_t i = 0; i < count; ++i) land(f.copies[i], instruction);
  f.copies.erase(f.copies.begin(), f.copies.begin() + static_cast<std::ptrdiff_t>(count));
}

/// What cp.async.mbarrier.arrive waits for: the copies of its thread below a number.
struct arrival {
  std::uint32_t mbarrier;
  std::uint32_t copies;
};

}  // namespace

void (*arrive_at_mbarrier)(std::uint32_t address, const char* instruction) = nullptr;

void cp_async(std::uint32_t to, const void* from, int bytes, int source_bytes,
              const char* instruction) {
  step(instruction);
  fiber& f = running_fiber(instruction);
  if (source_bytes < 0 || source_bytes > bytes)
    fail_launch(instruction, "copies " + std::to_string(source_bytes) + " of " +
                                 std::to_string(bytes) + " bytes");
  const auto size = static_cast<std::size_t>(bytes);
  global_bytes(from, static_cast<std::size_t>(source_bytes), size, access::read, instruction);
  shared_in_flight(to, size, size, instruction);
  f.of->banks.add(f.lane, copying, to, size);
  f.copies.push_back({to, bytes, source_bytes, f.groups, f.issued++, from});
}

void cp_async_commit(const char* instruction) {
  step(instruction);
  ++running_fiber(instruction).groups;
}

void cp_async_wait(int pending, const char* instruction) {
  fiber& f = running_fiber(instruction);
  const std::uint32_t keep = static_cast<std::uint32_t>(pending);
  std::size_t done = 0;
  while (done < f.copies.size() && f.copies[done].group + keep < f.groups) ++done;
  land_first(f, done, instruction);
  yield(instruction);
}

void cp_async_arrive(std::uint32_t mbarrier, const char* instruction) {
  step(instruction);
  fiber& f = running_fiber(instruction);
  if (arrive_at_mbarrier == nullptr) fail(instruction, "no mbarriers are emulated");
  asynchronous later{instruction, nullptr, {}};
  const arrival what{mbarrier, f.issued};
  std::memcpy(later.state, &what, sizeof what);
  later.complete = [](void* state) {
    arrival a;
    std::memcpy(&a, state, sizeof a);
    fiber& by = *machine.current;
    std::size_t done = 0;
    while (done < by.copies.size() && by.copies[done].number < a.copies) ++done;
    land_first(by, done, "cp.async.mbarrier.arrive.noinc");
    arrive_at_mbarrier(a.mbarrier, "cp.async.mbarrier.arrive.noinc");
  };
  post_asynchronous(later);
}

}  // namespace qtl::inline v0::gpu::emulated
