// SPDX-License-Identifier: Apache-2.0
// emulation/wgmma.cpp - products issued now and carried out in the wait that may not return before.
// Each warp of a warpgroup runs by itself, as it may on the hardware, but all four must issue the
// same products. Until the wait the accumulators hold a poison and the operands' shared memory is
// marked as being read.
#include <algorithm>
#include <cstring>

#include "emulation/hopper.hpp"
#include "emulation/wgmma_product.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr const char* name = "wgmma.mma_async";
/// A NaN as f32, far from any sum as s32.
constexpr std::uint32_t poison = 0x7fc5dead;
constexpr unsigned no_lane = ~0u;

std::uint64_t digest(const std::uint32_t* values, int count) {
  std::uint64_t sum = 0xcbf29ce484222325ull;
  for (int i = 0; i < count; ++i) sum = (sum ^ values[i]) * 0x100000001b3ull;
  return sum;
}

wgmma_queue& my_queue() { return hopper_here().wgmma[machine.current->thread / 32]; }

const std::uint32_t* words(const void* registers) {
  return static_cast<const std::uint32_t*>(registers);
}

/// The first lane whose registers are no longer all poison.
unsigned touched_lane(const wgmma_accumulators& acc) {
  for (unsigned lane = 0; lane < 32; ++lane)
    for (int i = 0; i < acc.n / 2; ++i)
      if (words(acc.d[lane])[i] != poison) return lane;
  return no_lane;
}

void check_untouched(const wgmma_accumulators& acc, const char* instruction) {
  const unsigned lane = touched_lane(acc);
  if (lane == no_lane) return;
  blame_lane(lane);
  fail(instruction, "a thread wrote accumulator registers while a wgmma still owned them");
}

/// Where register i of a lane lies in the warp's 16 x n values.
int place_of(unsigned lane, int i, int n) {
  const int row = static_cast<int>(lane) / 4 + i / 2 % 2 * 8;
  return row * n + i / 4 * 8 + static_cast<int>(lane) % 4 * 2 + i % 2;
}

wgmma_accumulators* find_accumulators(wgmma_queue& q, void* d) {
  for (auto& acc : q.accumulators)
    if (acc->d[0] == d) return acc.get();
  return nullptr;
}

/// Ordinary code may touch the registers of a product only if a fence stands before the next one.
void check_registers_fenced(wgmma_queue& q, const void* registers, int count, const char* what) {
  const auto seen = q.seen.find(registers);
  if (seen == q.seen.end() || seen->second == digest(words(registers), count)) return;
  fail(name, what);
}

wgmma_accumulators& take_over_accumulators(wgmma_queue& q, void* const* lanes) {
  const auto& call = *static_cast<const wgmma_call*>(lanes[0]);
  if (wgmma_accumulators* running = find_accumulators(q, call.d)) {
    check_untouched(*running, name);
    if (running->n != call.n)
      fail(name, "two products of different n in flight on one accumulator");
    return *running;
  }
  check_registers_fenced(q, call.d, call.n / 2,
                         "accumulator registers were written since the last product without "
                         "wgmma.fence before this one");
  q.accumulators.push_back(std::make_unique<wgmma_accumulators>());
  wgmma_accumulators& acc = *q.accumulators.back();
  acc.n = call.n;
  acc.values.resize(static_cast<std::size_t>(16 * call.n));
  for (unsigned lane = 0; lane < 32; ++lane) {
    acc.d[lane] = static_cast<const wgmma_call*>(lanes[lane])->d;
    auto* registers = static_cast<std::uint32_t*>(acc.d[lane]);
    for (int i = 0; i < call.n / 2; ++i) {
      acc.values[static_cast<std::size_t>(place_of(lane, i, call.n))] = registers[i];
      registers[i] = poison;
    }
  }
  return acc;
}

void give_back_accumulators(wgmma_queue& q, wgmma_accumulators& acc) {
  check_untouched(acc, "wgmma.wait_group");
  for (unsigned lane = 0; lane < 32; ++lane)
    for (int i = 0; i < acc.n / 2; ++i)
      static_cast<std::uint32_t*>(acc.d[lane])[i] =
          acc.values[static_cast<std::size_t>(place_of(lane, i, acc.n))];
  q.seen[acc.d[0]] = digest(words(acc.d[0]), acc.n / 2);
  std::erase_if(q.accumulators, [&](const auto& other) { return other.get() == &acc; });
}

void check_agreement(void* const* lanes) {
  const auto& first = *static_cast<const wgmma_call*>(lanes[0]);
  for (unsigned lane = 1; lane < 32; ++lane) {
    const auto& other = *static_cast<const wgmma_call*>(lanes[lane]);
    if (other.n == first.n && other.a == first.a && other.b == first.b &&
        other.accumulate == first.accumulate &&
        (other.a_registers == nullptr) == (first.a_registers == nullptr))
      continue;
    blame_lane(lane);
    fail(name, "divergent collective: the lanes name different operands");
  }
}

/// Compares with what the other warps of the warpgroup issued as their n-th product.
void check_warpgroup(const wgmma_call& call, std::uint64_t number) {
  const unsigned group = machine.current->thread / 128;
  if (group * 128 + 128 > here().threads)
    fail(name, "needs 128 threads from a multiple of 128 on; the block has fewer");
  wgmma_log& log = hopper_here().logs[group];
  const wgmma_log::entry mine{call.a, call.b, call.n, call.accumulate, call.a_registers != nullptr,
                              1};
  if (number - log.first == log.entries.size()) {
    log.entries.push_back(mine);
    return;
  }
  wgmma_log::entry& theirs = log.entries[number - log.first];
  if (theirs.a != mine.a || theirs.b != mine.b || theirs.n != mine.n ||
      theirs.accumulate != mine.accumulate || theirs.from_registers != mine.from_registers)
    fail(name, "divergent collective: the warps of a warpgroup issue different products");
  if (++theirs.seen < 4) return;
  log.entries.erase(log.entries.begin());  // all four have passed it, hence all before it
  ++log.first;
}

int row_of_warp() { return static_cast<int>(machine.current->thread / 32 % 4) * 16; }

/// Calls f(address) for every 16 bytes of shared memory that the warp's part of a product reads.
template<class F>
void for_each_chunk(const wgmma_call& call, const F& f) {
  const wgmma_operand b(call.b, name);
  for (int row = 0; row < call.n; ++row)
    for (int half = 0; half < 2; ++half) f(b.chunk(row, half));
  if (call.a_registers != nullptr) return;
  const wgmma_operand a(call.a, name);
  for (int row = 0; row < 16; ++row)
    for (int half = 0; half < 2; ++half) f(a.chunk(row_of_warp() + row, half));
}

void issue(void* const* lanes) {
  check_agreement(lanes);
  wgmma_queue& q = my_queue();
  const auto& call = *static_cast<const wgmma_call*>(lanes[0]);
  check_warpgroup(call, q.issued++);
  if (!q.fenced) fail(name, "no wgmma.fence before the first product");
  for_each_chunk(call, [](std::uint32_t chunk) { begin_async_read(chunk, name); });
  wgmma_job job{call, {}, {}, {}, q.commits};
  if (call.a_registers != nullptr)
    check_registers_fenced(q, call.a_registers, 4,
                           "the registers of A were written since the last product without "
                           "wgmma.fence before this one");
  ++take_over_accumulators(q, lanes).running;
  for (unsigned lane = 0; lane < 32; ++lane) {
    const auto& its = *static_cast<const wgmma_call*>(lanes[lane]);
    job.d[lane] = its.d;
    job.a_pointers[lane] = its.a_registers;
    for (int i = 0; its.a_registers != nullptr && i < 4; ++i) job.a[lane][i] = its.a_registers[i];
  }
  q.jobs.push_back(job);
}

void check_a_untouched(const wgmma_job& job) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (std::equal(job.a[lane], job.a[lane] + 4, job.a_pointers[lane])) continue;
    blame_lane(lane);
    fail("wgmma.wait_group",
         "a thread wrote the registers of A while a wgmma might still read them");
  }
}

/// Row r, bytes 0..31 of the warp's A.
void gather_a(const wgmma_job& job, std::byte (&to)[16][32]) {
  if (job.call.a_registers == nullptr) {
    gather_rows(wgmma_operand(job.call.a, name), row_of_warp(), 16, to[0]);
    return;
  }
  check_a_untouched(job);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i)
      std::memcpy(&to[lane / 4 + i % 2 * 8][lane % 4 * 4 + i / 2 * 16], &job.a[lane][i], 4);
}

void carry_out(wgmma_queue& q, const wgmma_job& job) {
  static std::byte a[16][32];
  static std::byte b[256][32];
  gather_a(job, a);
  gather_rows(wgmma_operand(job.call.b, name), 0, job.call.n, b[0]);
  wgmma_accumulators& acc = *find_accumulators(q, job.d[0]);
  multiply(job.call, a, b, acc.values.data());
  for_each_chunk(job.call, [](std::uint32_t chunk) { end_async_read(chunk, name); });
  if (job.call.a_registers != nullptr) q.seen[job.a_pointers[0]] = digest(job.a[0], 4);
  if (--acc.running == 0) give_back_accumulators(q, acc);
}

struct wait_call {
  int pending;
};

void wait(void* const* lanes) {
  const auto pending = static_cast<std::uint32_t>(static_cast<const wait_call*>(lanes[0])->pending);
  wgmma_queue& q = my_queue();
  while (!q.jobs.empty() && q.jobs.front().group + pending < q.commits) {
    carry_out(q, q.jobs.front());
    q.jobs.pop_front();
  }
  bring_lanes_together();  // every lane has waited: what the products read, any of them may
                           // overwrite
}

}  // namespace

void wgmma(const wgmma_call& call) {
  require(name, gpu_target::sm_90a, gpu_target::sm_90a);
  wgmma_call mine = call;
  warp_collective(name, 0xffffffffu, &mine, &issue);
}

void wgmma_fence() {
  constexpr const char* instruction = "wgmma.fence";
  require(instruction, gpu_target::sm_90a, gpu_target::sm_90a);
  char none = 0;
  warp_collective(instruction, 0xffffffffu, &none, [](void* const*) {
    my_queue().fenced = true;
    my_queue().seen.clear();
  });
}

void wgmma_commit() {
  constexpr const char* instruction = "wgmma.commit_group";
  require(instruction, gpu_target::sm_90a, gpu_target::sm_90a);
  char none = 0;
  warp_collective(instruction, 0xffffffffu, &none, [](void* const*) { ++my_queue().commits; });
}

void wgmma_wait(int pending) {
  constexpr const char* instruction = "wgmma.wait_group";
  require(instruction, gpu_target::sm_90a, gpu_target::sm_90a);
  wait_call mine{pending};
  warp_collective(instruction, 0xffffffffu, &mine, &wait);
  often_yield(instruction);
}

wgmma_settings& current_wgmma_settings() {
  static wgmma_settings s;
  return s;
}

}  // namespace qtl::inline v0::gpu::emulated
