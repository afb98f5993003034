// SPDX-License-Identifier: Apache-2.0
// emulation/races.cpp - accesses to shared memory that no barrier orders.
// Every warp has a vector clock: of each warp, how far it has come as far as this one can know. A
// barrier hands clocks on; an access that meets another warp's, of which the clock knows nothing,
// is a race, whether or not this seed made it harmful. Words are tracked; accesses of fewer than
// four bytes are not, because warps may share a word. Lanes of one warp count as one.
#include <algorithm>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

std::string name_of(unsigned index) {
  const thread_block& b = *machine.current->home;
  const auto warps = static_cast<unsigned>(b.warps.size());
  std::string text = "warp " + std::to_string(index % warps);
  if (index / warps != b.rank) text += " of the cluster's block " + std::to_string(index / warps);
  return text;
}

[[noreturn]] void fail_race(const char* instruction, std::size_t offset, bool writes, bool wrote,
                            unsigned other) {
  fail_launch(instruction, "data race at shared_base() + " + std::to_string(offset) + ": " +
                               name_of(other) + (wrote ? " wrote" : " read") +
                               " it, and nothing orders that before this " +
                               (writes ? "write" : "read"));
}

bool knows(const warp& me, unsigned other, std::uint32_t clock) {
  return other == me.index || me.clock[other] >= clock;
}

void note_read(word_log& word, const warp& me) {
  word_log::reader* place = nullptr;
  for (word_log::reader& r : word.readers) {
    if (r.warp == me.index && r.clock != 0) {
      r.clock = me.clock[me.index];
      return;
    }
    // What I know of is ordered before me, so whoever comes after me comes after it as well.
    if (place == nullptr && (r.clock == 0 || knows(me, r.warp, r.clock))) place = &r;
  }
  if (place == nullptr) place = &word.readers[me.index % 4];
  place->warp = static_cast<std::uint16_t>(me.index);
  place->clock = me.clock[me.index];
}

void note_write(word_log& word, const warp& me) {
  word = {};
  word.writer = static_cast<std::uint16_t>(me.index);
  word.clock = me.clock[me.index];
}

void merge(std::vector<std::uint32_t>& into, const std::vector<std::uint32_t>& from) {
  if (into.size() < from.size()) into.resize(from.size(), 0);
  for (std::size_t i = 0; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
}

}  // namespace

void order_point::release() {
  warp& me = *machine.current->of;
  merge(seen, me.clock);
  ++me.clock[me.index];
}

void order_point::acquire(warp& w) const { merge(w.clock, seen); }

void order_point::take(order_point& from) {
  merge(seen, from.seen);
  from.clear();
}

void order_point::clear() { std::ranges::fill(seen, 0u); }

void start_clock(warp& w, unsigned index, unsigned count) {
  w.index = index;
  w.clock.assign(count, 0);
  w.clock[index] = 1;
}

void check_race(thread_block& owner, std::size_t offset, std::size_t bytes, access how,
                const char* instruction) {
  if (bytes < 4 || !current_settings().check_races) return;
  const warp& me = *machine.current->of;
  const bool writes = how != access::read;
  for (std::size_t i = offset / 4; i < (offset + bytes) / 4; ++i) {
    word_log& word = owner.words[i];
    if (!knows(me, word.writer, word.clock))
      fail_race(instruction, 4 * i, writes, true, word.writer);
    if (!writes) {
      note_read(word, me);
      continue;
    }
    for (const word_log::reader& r : word.readers)
      if (!knows(me, r.warp, r.clock)) fail_race(instruction, 4 * i, writes, false, r.warp);
    note_write(word, me);
  }
}

void forget_accesses(thread_block& owner, std::size_t offset, std::size_t bytes) {
  for (std::size_t i = offset / 4; i < (offset + bytes + 3) / 4; ++i) owner.words[i] = {};
}

}  // namespace qtl::inline v0::gpu::emulated
