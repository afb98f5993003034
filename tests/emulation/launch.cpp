// SPDX-License-Identifier: Apache-2.0
// emulation/launch.cpp - from a launch order to blocks that start, run and end.
#include <algorithm>
#include <cstring>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

bool over() { return machine.alive.empty() && machine.clusters_left.empty(); }

/// Where every fiber begins.
void run_thread() {
  machine.order->run(machine.order->params);
  end_fiber();
}

void set_place(fiber& f, const thread_block& b, unsigned thread) {
  const launch_order& order = *machine.order;
  f.thread = thread;
  f.threads = order.threads;
  f.block = b.index;
  f.grid = order.grid;
  f.cluster_rank = b.rank;
  f.cluster_blocks = order.cluster_blocks;
}

void start_thread(thread_block& b, unsigned thread) {
  fiber& f = b.threads[thread];
  set_place(f, b, thread);
  f.home = &b;
  f.of = &b.warps[thread / 32];
  f.lane = thread % 32;
  f.exited = false;
  f.waits.instruction = nullptr;
  f.channel = nullptr;
  f.groups = f.issued = 0;
  f.copies.clear();
  f.position = machine.stacks.start(f.stack, &run_thread);
  f.of->lanes[f.lane] = &f;
  f.of->present |= 1u << f.lane;
}

void reset_warp(warp& w, thread_block& b) {
  w.home = &b;
  w.present = w.exited = w.runnable = 0;
  w.priority = machine.random.next();
  w.ready_at = -1;
  w.meetings.clear();
  w.banks.clear();
  std::ranges::fill(w.lanes, nullptr);
}

void start_block(thread_block& b) {
  const unsigned threads = machine.order->threads;
  b.live = threads;
  b.threads.resize(threads);
  b.warps.resize((threads + 31) / 32);
  b.groups.assign((threads + 127) / 128, warpgroup{});
  for (named_barrier& barrier : b.barriers) barrier.begin_phase();
  const auto warps = static_cast<unsigned>(b.warps.size());
  for (unsigned i = 0; i < warps; ++i) {
    reset_warp(b.warps[i], b);
    start_clock(b.warps[i], b.rank * warps + i, warps * machine.order->cluster_blocks);
  }
  for (unsigned t = 0; t < threads; ++t) start_thread(b, t);
  reset_shared(b, machine.order->shared_bytes);
  for (warp& w : b.warps) make_runnable(w, w.present);
}

dim block_index(std::uint64_t number) {
  const dim& grid = machine.order->grid;
  const auto x = static_cast<unsigned>(number % grid.x);
  const std::uint64_t rest = number / grid.x;
  return {x, static_cast<unsigned>(rest % grid.y), static_cast<unsigned>(rest / grid.y)};
}

/// Starts one of the clusters that are left, drawn by seed: a GPU promises no order.
void start_cluster() {
  const auto left = static_cast<std::uint32_t>(machine.clusters_left.size());
  std::swap(machine.clusters_left[machine.random.below(left)], machine.clusters_left.back());
  const std::uint64_t number = machine.clusters_left.back();
  machine.clusters_left.pop_back();
  if (machine.spare.empty()) machine.spare.push_back(std::make_unique<cluster>());
  machine.alive.push_back(std::move(machine.spare.back()));
  machine.spare.pop_back();
  cluster& team = *machine.alive.back();
  const unsigned size = machine.order->cluster_blocks;
  team.live = size * machine.order->threads;
  team.global_atomics.clear();
  if (team.blocks.size() > size) team.blocks.resize(size);  // of an earlier launch's cluster
  while (team.blocks.size() < size) team.blocks.push_back(std::make_unique<thread_block>());
  for (unsigned rank = 0; rank < size; ++rank) {
    thread_block& b = *team.blocks[rank];
    b.team = &team;
    b.rank = rank;
    b.index = block_index(number * size + rank);
  }
  for (unsigned rank = 0; rank < size; ++rank) start_block(*team.blocks[rank]);
}

void free_block(thread_block& b) {
  for (const thread_block::stored& s : b.storage) s.kind->destroy(s.data);
  b.storage.clear();
  for (fiber& f : b.threads) {
    if (f.stack != nullptr) machine.stacks.give_back(f.stack);
    f.stack = nullptr;
  }
}

void check_block_end(thread_block& b) {
  machine.current = b.threads.data();
  running = machine.current;
  for (const thread_block::stored& s : b.storage) {
    const char* what = s.kind->left_over != nullptr ? s.kind->left_over(s.data) : nullptr;
    if (what != nullptr) fail("exit", what);
  }
  for (warp& w : b.warps) w.banks.count_all();
}

void end_cluster(std::size_t i) {
  cluster& team = *machine.alive[i];
  for (std::size_t k = machine.operations.size(); k-- > 0;)
    if (machine.operations[k].by->home->team == &team) complete_operation(k);
  for (auto& b : team.blocks) check_block_end(*b);
  for (auto& b : team.blocks) free_block(*b);
  leave_kernel();
  machine.spare.push_back(std::move(machine.alive[i]));
  machine.alive[i] = std::move(machine.alive.back());
  machine.alive.pop_back();
}

void end_finished_clusters() {
  for (std::size_t i = machine.alive.size(); i-- > 0;)
    if (machine.alive[i]->live == 0) end_cluster(i);
}

void start_clusters() {
  if (machine.wants_cluster) ++machine.resident;
  machine.wants_cluster = false;
  while (machine.alive.size() < machine.resident && !machine.clusters_left.empty()) start_cluster();
}

/// After a failure: every fiber is dropped where it stands.
void drop_everything() {
  machine.operations.clear();
  machine.waiting.clear();
  machine.ready.clear();
  for (auto& team : machine.alive) {
    for (auto& b : team->blocks) free_block(*b);
    machine.spare.push_back(std::move(team));
  }
  machine.alive.clear();
}

bool fits_grid(const launch_order& order) {
  return order.grid.x > 0 && order.grid.y > 0 && order.grid.z > 0 && order.cluster_blocks > 0 &&
         order.grid.x % order.cluster_blocks == 0;
}

int target_of(const launch_order& order) {
  const int set = current_settings().target;
  if (set != 0) return set;
  return order.only_target != 0 ? order.only_target : static_cast<int>(order.least_target);
}

status check_order(const launch_order& order) {
  const int target = target_of(order);
  if (machine.order != nullptr)
    return failure(error_code::unsupported, "launch", "a kernel cannot launch a kernel");
  if (order.only_target != 0 && target != order.only_target)
    return mismatch("launch", "the kernel's only target", -1, target, order.only_target,
                    error_code::unsupported);
  if (target < static_cast<int>(order.least_target))
    return mismatch("launch", "the kernel's least target", -1, target,
                    static_cast<int>(order.least_target), error_code::unsupported);
  if (order.threads == 0 || order.threads > 1024)
    return mismatch("launch", "threads per block", -1, 1024, order.threads,
                    error_code::invalid_argument);
  if (!fits_grid(order))
    return failure(error_code::invalid_argument, "launch",
                   "a grid extent is 0, or its x is no multiple of the cluster");
  const std::uint32_t limit = shared_limit(static_cast<gpu_target>(target));
  if (order.shared_bytes > limit)
    return mismatch("launch", "shared memory per block", -1, limit, order.shared_bytes,
                    error_code::invalid_argument);
  return {};
}

/// The same with the kernel's name: "launch of ...".
status refused(const launch_order& order, const status& why) {
  status s = why;
  const std::string rest(why.message.view().substr(std::string_view(why.operand).size()));
  s.message = {};
  s.message.append(why.operand).append(" of ").append(order.kernel).append(rest);
  return s;
}

void begin(const launch_order& order) {
  const settings& s = current_settings();
  machine.order = &order;
  machine.target = target_of(order);
  machine.random.seed(s.seed);
  machine.counts = {};
  machine.failure.clear();
  machine.last_run = std::string(order.kernel) + ": seed " + std::to_string(s.seed);
  machine.idle_polls = 0;
  machine.blamed_thread = -1;
  machine.wants_cluster = false;
  machine.resident = 1 + machine.random.below(3);
  constexpr std::uint32_t odds[] = {2, 8, 64, 0};
  machine.by_priority = s.seed % 2 == 0;
  machine.lowest_priority = 0;
  machine.operation_odds = odds[machine.random.below(4)];
  machine.clusters_left.resize(std::size_t{order.grid.x} / order.cluster_blocks * order.grid.y *
                               order.grid.z);
  for (std::size_t i = 0; i < machine.clusters_left.size(); ++i)
    machine.clusters_left[i] = static_cast<std::uint32_t>(i);
  steps_left = s.steps_between_switches;
}

}  // namespace

void schedule() {
  while (true) {
    end_finished_clusters();
    start_clusters();
    if (over()) break;
    if (!machine.ready.empty())
      enter_any();
    else if (!machine.operations.empty())
      complete_one_operation();
    else
      fail_launch("deadlock", "no thread can run" + waiting_report());
  }
  abandon();
}

status launch(const launch_order& order) {
  if (const status s = check_order(order); !s.ok()) return refused(order, s);
  if (!current_settings().runs_kernels) return {};
  begin(order);
  std::byte* stack = nullptr;
  machine.scheduler_position = machine.stacks.start(stack, &schedule);
  switch_stack(machine.launch_position, machine.scheduler_position);
  drop_everything();
  machine.stacks.give_back(stack);
  machine.clusters_left.clear();
  machine.order = nullptr;
  leave_kernel();
  check_red_zones();
  if (machine.failure.empty()) return {};
  status s{error_code::device_failed, order.kernel, -1, 0, 0, {}};
  s.message.append(machine.failure);
  return s;
}

}  // namespace qtl::inline v0::gpu::emulated
