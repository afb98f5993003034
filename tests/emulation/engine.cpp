// SPDX-License-Identifier: Apache-2.0
// emulation/engine.cpp - who runs next: the choice among fibers, waiting, and waking.
#include "emulation/engine.hpp"

#include <algorithm>
#include <bit>

namespace qtl::inline v0::gpu::emulated {

namespace {

const place outside{};

void run_last(warp& w) { w.priority = --machine.lowest_priority; }

warp& next_warp() {
  if (!machine.by_priority)
    return *machine.ready[machine.random.below(static_cast<std::uint32_t>(machine.ready.size()))];
  // Now and then the favourite falls behind all others.
  if (machine.current_warp != nullptr && machine.random.below(64) == 0)
    run_last(*machine.current_warp);
  return **std::ranges::max_element(machine.ready, {}, &warp::priority);
}

fiber& next_fiber() {
  const std::uint32_t r = machine.random.next();
  warp* w = machine.current_warp;
  // Mostly another lane of the same warp, whose stacks are in the cache; often enough any warp.
  if (w == nullptr || w->runnable == 0 || r >> 28 == 0) w = &next_warp();
  const int shift = static_cast<int>(r & 31);
  const int lane = (std::countr_zero(std::rotr(w->runnable, shift)) + shift) & 31;
  return *w->lanes[lane];
}

/// Goes on with any runnable fiber, or with the scheduler where there is none.
void run_another(fiber& from) {
  if (machine.ready.empty() || machine.wants_cluster) {
    switch_stack(from.position, machine.scheduler_position);
    return;
  }
  fiber& next = next_fiber();
  if (&next == &from) return;
  enter(next);
  switch_stack(from.position, next.position);
}

void stop_running(fiber& f) {
  warp& w = *f.of;
  w.runnable &= ~(1u << f.lane);
  if (w.runnable != 0) return;
  machine.ready.back()->ready_at = w.ready_at;
  machine.ready[static_cast<std::size_t>(w.ready_at)] = machine.ready.back();
  machine.ready.pop_back();
  w.ready_at = -1;
}

}  // namespace

machine_state machine;
const place* running = &outside;
std::int32_t steps_left = INT32_MAX;

void random_source::seed(std::uint64_t value) {
  // One round of a mixing function, so that neighbouring seeds differ in every bit.
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ value >> 27) * 0x94d049bb133111ebull;
  state = (value ^ value >> 31) | 1;
}

void enter(fiber& next) {
  ++machine.counts.switches;
  machine.current = &next;
  machine.current_warp = next.of;
  running = &next;
}

void leave_kernel() {
  machine.current = nullptr;
  machine.current_warp = nullptr;
  running = &outside;
  steps_left = INT32_MAX;
}

void enter_any() {
  fiber& next = next_fiber();
  enter(next);
  switch_stack(machine.scheduler_position, next.position);
}

void yield(const char*) {
  const auto mean = static_cast<std::uint32_t>(current_settings().steps_between_switches);
  steps_left = 1 + static_cast<std::int32_t>(machine.random.below(2 * mean));
  // Outside of a kernel, or an operation that completes while every thread waits: nobody to switch
  // to.
  if (machine.current == nullptr) return;
  if (!machine.operations.empty() && machine.operation_odds != 0 &&
      machine.random.below(machine.operation_odds) == 0)
    complete_one_operation();
  run_another(*machine.current);
}

fiber& running_fiber(const char* instruction) {
  if (machine.current == nullptr) fail(instruction, "is executed");
  return *machine.current;
}

void poll(const char* instruction) {
  constexpr std::uint32_t patience = 20000;
  fiber& f = running_fiber(instruction);
  f.waits = {instruction};
  run_last(*f.of);
  if (++machine.idle_polls > patience) {
    machine.idle_polls = 0;
    if (machine.clusters_left.empty() && machine.operations.empty())
      fail_launch(instruction, "spins for ever: nothing moves any more" + waiting_report());
    if (machine.clusters_left.empty())
      complete_one_operation();
    else
      machine.wants_cluster = true;
  }
  yield(instruction);
  f.waits.instruction = nullptr;
}

void suspend(const wait_reason& why) {
  fiber& f = *machine.current;
  f.waits = why;
  stop_running(f);
  run_another(f);
  f.waits.instruction = nullptr;
}

void end_fiber() {
  fiber& f = *machine.current;
  check_thread_end(f);
  f.exited = true;
  f.of->exited |= 1u << f.lane;
  --f.home->live;
  --f.home->team->live;
  stop_running(f);
  note_progress();
  // A cluster whose last thread ends is taken apart by the scheduler, which stands on its own
  // stack.
  if (f.home->team->live == 0)
    switch_stack(f.position, machine.scheduler_position);
  else
    run_another(f);
}

void make_runnable(warp& w, std::uint32_t lanes) {
  if (lanes == 0) return;
  w.runnable |= lanes;
  if (w.ready_at >= 0) return;
  w.ready_at = static_cast<int>(machine.ready.size());
  machine.ready.push_back(&w);
}

void make_runnable(fiber& f) { make_runnable(*f.of, 1u << f.lane); }

void wait_on(const void* channel, const wait_reason& why) {
  fiber& f = running_fiber(why.instruction);
  f.channel = channel;
  machine.waiting.push_back(&f);
  suspend(why);
}

void notify(const void* channel) {
  note_progress();
  for (std::size_t i = 0; i < machine.waiting.size();) {
    fiber* f = machine.waiting[i];
    if (f->channel != channel) {
      ++i;
      continue;
    }
    f->channel = nullptr;
    machine.waiting[i] = machine.waiting.back();
    machine.waiting.pop_back();
    make_runnable(*f);
  }
}

void post_asynchronous(const asynchronous& operation) {
  machine.operations.push_back({operation, &running_fiber(operation.instruction)});
}

void complete_operation(std::size_t i) {
  posted done = machine.operations[i];
  machine.operations[i] = machine.operations.back();
  machine.operations.pop_back();
  fiber* before = machine.current;
  machine.current = done.by;
  running = done.by;
  done.operation.complete(done.operation.state);
  machine.current = before;
  running = before != nullptr ? static_cast<const place*>(before) : &outside;
  note_progress();
}

void complete_one_operation() {
  complete_operation(machine.random.below(static_cast<std::uint32_t>(machine.operations.size())));
}

}  // namespace qtl::inline v0::gpu::emulated
