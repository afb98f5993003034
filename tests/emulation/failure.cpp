// SPDX-License-Identifier: Apache-2.0
// emulation/failure.cpp - how a launch fails: the sentence, and who waits where.
#include <cstdio>
#include <cstdlib>
#include <map>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

std::string text_of(const dim& d) {
  return "(" + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " + std::to_string(d.z) + ")";
}

/// "block (0, 0, 0), thread 5"
std::string text_of(const place& p, unsigned thread) {
  return "block " + text_of(p.block) + ", thread " + std::to_string(thread);
}

std::string text_of(const wait_reason& why) {
  std::string text = why.instruction;
  if (why.what[0] != '\0') text += std::string(" ") + why.what + " " + std::to_string(why.value);
  return text;
}

/// "0-31, 40" of the threads that wait for one thing.
std::string ranges(const std::vector<unsigned>& threads) {
  std::string text;
  for (std::size_t i = 0; i < threads.size();) {
    std::size_t j = i;
    while (j + 1 < threads.size() && threads[j + 1] == threads[j] + 1) ++j;
    if (!text.empty()) text += ", ";
    text += std::to_string(threads[i]);
    if (j > i) text += "-" + std::to_string(threads[j]);
    i = j + 1;
  }
  return text;
}

void report_block(const thread_block& b, std::string& text) {
  std::map<std::string, std::vector<unsigned>> waiting;
  for (const fiber& f : b.threads)
    if (!f.exited && f.waits.instruction != nullptr) waiting[text_of(f.waits)].push_back(f.thread);
  for (const auto& [why, threads] : waiting)
    text += "; block " + text_of(b.index) + ", threads " + ranges(threads) + " wait at " + why;
  for (int id = 0; id < 16; ++id) {
    const named_barrier& barrier = b.barriers[id];
    if (barrier.arrived == 0) continue;
    text += "; barrier " + std::to_string(id) + " has " + std::to_string(barrier.arrived) + " of " +
            std::to_string(barrier.expected) + " arrivals";
  }
}

}  // namespace

std::string waiting_report() {
  std::string text;
  for (const auto& team : machine.alive)
    for (const auto& b : team->blocks) report_block(*b, text);
  return text;
}

void blame_lane(unsigned lane) { machine.blamed_thread = static_cast<int>(lane); }

void abandon() {
  stack_position nowhere;
  switch_stack(nowhere, machine.launch_position);
  std::abort();  // nobody comes back
}

void fail_launch(const char* instruction, std::string&& text) {
  if (machine.order == nullptr) {
    std::fprintf(stderr, "%s: %s (outside of a kernel)\n", instruction, text.c_str());
    std::abort();
  }
  std::string who =
      std::string(machine.order->kernel) + ": seed " + std::to_string(current_settings().seed);
  if (machine.current != nullptr) {
    const fiber& f = *machine.current;
    unsigned thread = f.thread;
    if (machine.blamed_thread >= 0)
      thread = machine.blamed_base + static_cast<unsigned>(machine.blamed_thread);
    who += ", " + text_of(f, thread);
  }
  who += std::string(", ") + instruction + ": ";
  text.insert(0, who);
  // Nothing unwinds: what owns memory is emptied first.
  machine.failure.swap(text);
  std::string().swap(text);
  std::string().swap(who);
  abandon();
}

void fail(const char* instruction, std::string_view text) {
  fail_launch(instruction, std::string(text));
}

void require(const char* instruction, gpu_target least) {
  if (machine.order == nullptr || machine.target >= static_cast<int>(least)) return;
  fail_launch(instruction, std::string("is not on ") +
                               to_string(static_cast<gpu_target>(machine.target)) +
                               ", it came with " + to_string(least));
}

void require(const char* instruction, gpu_target least, gpu_target only) {
  require(instruction, least);
  if (machine.order == nullptr || machine.target == static_cast<int>(only)) return;
  fail_launch(instruction, std::string("is not on ") +
                               to_string(static_cast<gpu_target>(machine.target)) + ", only on " +
                               to_string(only));
}

const char* last_failure() { return machine.failure.c_str(); }

launch_counts last_launch() { return machine.counts; }

settings& current_settings() {
  static settings s;
  return s;
}

gpu_target visible_target() {
  const int target = current_settings().target;
  return target != 0 ? static_cast<gpu_target>(target) : gpu_target::sm_90a;
}

}  // namespace qtl::inline v0::gpu::emulated
