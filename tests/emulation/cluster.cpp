// SPDX-License-Identifier: Apache-2.0
// emulation/cluster.cpp - clusters of blocks, the elected lane, registers handed over, dependent
// grids.
#include <algorithm>
#include <cstring>

#include "emulation/hopper.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr std::int64_t registers_of_a_multiprocessor = 65536;
constexpr const char* arrive_name = "barrier.cluster.arrive";
constexpr const char* wait_name = "barrier.cluster.wait";
constexpr const char* give_name = "setmaxnreg.dec";
constexpr const char* take_name = "setmaxnreg.inc";

struct elected_lane {
  bool mine = false;
};

/// The same in every call of a launch, another with another seed.
void elect(void* const* lanes) {
  const auto lane = static_cast<std::size_t>(current_settings().seed * 0x9e3779b97f4a7c15ull >> 59);
  std::size_t chosen = lane;
  while (lanes[chosen % 32] == nullptr) ++chosen;
  static_cast<elected_lane*>(lanes[chosen % 32])->mine = true;
}

/// What ptxas gives each thread of a kernel that has an SM to itself.
int registers_at_launch(unsigned threads) {
  const std::int64_t each = registers_of_a_multiprocessor / threads / 8 * 8;
  return static_cast<int>(std::min<std::int64_t>(each, 256));
}

register_pool& pool_here() {
  register_pool& pool = hopper_here().registers;
  if (pool.roles.empty()) {
    const thread_block& b = *machine.current->home;
    const int owned = registers_at_launch(here().threads);
    pool.roles.assign(b.groups.size(), {owned, owned});
  }
  return pool;
}

void grant(register_pool& pool) {
  for (register_pool::role& role : pool.roles) {
    const std::int64_t more = 128 * (std::int64_t{role.wanted} - role.owned);
    if (more <= 0 || more > pool.free) continue;
    pool.free -= more;
    role.owned = role.wanted;
    notify(&role);
  }
}

int agreed_count(void* const* threads, const char* instruction) {
  const int count = *static_cast<const int*>(threads[0]);
  for (unsigned i = 1; i < 128; ++i)
    if (*static_cast<const int*>(threads[i]) != count)
      fail(instruction, "divergent collective: the threads name different counts");
  return count;
}

register_pool::role& my_role() { return pool_here().roles[machine.current->thread / 128]; }

void give(void* const* threads) {
  const int count = agreed_count(threads, give_name);
  register_pool::role& role = my_role();
  if (count > role.owned)
    fail_launch(give_name,
                text("keeps %d registers of %d: give_registers cannot add", count, role.owned));
  pool_here().free += 128 * (std::int64_t{role.owned} - count);
  role.owned = role.wanted = count;
  grant(pool_here());
}

void take(void* const* threads) {
  const int count = agreed_count(threads, take_name);
  register_pool::role& role = my_role();
  if (count < role.owned)
    fail_launch(take_name, text("takes %d registers and owns %d: take_registers cannot give", count,
                                role.owned));
  role.wanted = count;
  grant(pool_here());
}

}  // namespace

std::uint32_t cluster_rank() {
  require("%cluster_ctarank", gpu_target::sm_90a);
  return here().cluster_rank;
}

std::uint32_t cluster_blocks() {
  require("%cluster_nctarank", gpu_target::sm_90a);
  return here().cluster_blocks;
}

void cluster_arrive() {
  require(arrive_name, gpu_target::sm_90a);
  often_yield(arrive_name);
  hopper_block& mine = hopper_here();
  const unsigned thread = here().thread;
  if (mine.cluster_arrivals[thread] != mine.cluster_waits[thread])
    fail(arrive_name, "arrives a second time without barrier.cluster.wait in between");
  ++mine.cluster_arrivals[thread];
  hopper_block& first = hopper_of(0);
  first.cluster_order.release();
  const std::uint64_t all = std::uint64_t{here().threads} * here().cluster_blocks;
  if (++first.cluster_arrived < all) return;
  first.cluster_arrived = 0;
  ++first.cluster_generation;
  notify(&first.cluster_generation);
}

void cluster_wait() {
  require(wait_name, gpu_target::sm_90a);
  hopper_block& mine = hopper_here();
  const unsigned thread = here().thread;
  if (mine.cluster_arrivals[thread] == mine.cluster_waits[thread])
    fail(wait_name, "waits without barrier.cluster.arrive before it");
  const std::uint32_t generation = ++mine.cluster_waits[thread];
  hopper_block& first = hopper_of(0);
  while (static_cast<std::int32_t>(first.cluster_generation - generation) < 0)
    wait_on(&first.cluster_generation, {wait_name, "for the cluster's threads, round", generation});
  first.cluster_order.acquire(*machine.current->of);
  often_yield(wait_name);
}

std::uint32_t map_shared(std::uint32_t address, std::uint32_t rank) {
  constexpr const char* instruction = "mapa.shared::cluster";
  require(instruction, gpu_target::sm_90a);
  if (rank >= here().cluster_blocks)
    fail_launch(instruction,
                text("names block %u of a cluster of %u", rank, here().cluster_blocks));
  return cluster_address(address, rank);
}

std::uint32_t load_cluster_word(std::uint32_t mapped) {
  constexpr const char* instruction = "ld.shared::cluster";
  require(instruction, gpu_target::sm_90a);
  step(instruction);
  std::uint32_t value = 0;
  std::memcpy(&value, shared_bytes_uncounted(mapped, 4, 4, access::read, instruction), 4);
  return value;
}

void store_cluster_word(std::uint32_t mapped, std::uint32_t value) {
  constexpr const char* instruction = "st.shared::cluster";
  require(instruction, gpu_target::sm_90a);
  step(instruction);
  std::memcpy(shared_bytes_uncounted(mapped, 4, 4, access::write, instruction), &value, 4);
}

bool elect_one() {
  require("elect.sync", gpu_target::sm_90a);
  elected_lane lane;
  warp_collective("elect.sync", 0xffffffffu, &lane, &elect);
  return lane.mine;
}

void give_registers(int count) {
  require(give_name, gpu_target::sm_90a);
  warpgroup_collective(give_name, &count, &give);
}

void take_registers(int count) {
  require(take_name, gpu_target::sm_90a);
  warpgroup_collective(take_name, &count, &take);
  register_pool::role& role = my_role();
  while (role.owned != role.wanted)
    wait_on(&role, {take_name, "for free registers per thread, up to", role.wanted});
}

void grid_dependency(const char* instruction) {
  require(instruction, gpu_target::sm_90a);
  step(instruction);
}

}  // namespace qtl::inline v0::gpu::emulated
