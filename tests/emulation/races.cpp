// SPDX-License-Identifier: Apache-2.0
// emulation/races.cpp - accesses to shared memory that no barrier orders.
// Every warp has a vector clock: of each warp, how far it has come as far as this one can know. A
// barrier hands clocks on; an access that meets another warp's, of which the clock knows nothing,
// is a race, whether or not this seed made it harmful. Words are tracked; accesses of fewer than
// four bytes are not, because warps may share a word. The lanes of a warp share
// its clock and remember when they were last ordered: by a barrier, or a wait of one of them.
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

/// Who accesses: a lane of a warp. In a collective the lane that gave the address.
struct toucher {
  const warp& w;
  std::uint16_t lane;

  bool comes_after(const word_log::touch& t) const {
    if (t.warp != w.index) return w.clock[t.warp] >= t.clock;
    return t.lane == lane || t.clock < w.together;
  }
  word_log::touch now() const {
    return {w.clock[w.index], static_cast<std::uint16_t>(w.index), lane};
  }
};

toucher running_toucher() {
  const fiber& f = *machine.current;
  const unsigned lane =
      machine.blamed_thread >= 0 ? static_cast<unsigned>(machine.blamed_thread) % 32 : f.lane;
  return {*f.of, static_cast<std::uint16_t>(lane)};
}

[[noreturn]] void fail_race(const char* instruction, std::size_t offset, bool writes, bool wrote,
                            const word_log::touch& other) {
  const bool own = other.warp == machine.current->of->index;
  fail_launch(instruction, "data race at shared_base() + " + std::to_string(offset) + ": " +
                               (own ? "another lane of the warp" : name_of(other.warp)) +
                               (wrote ? " wrote" : " read") +
                               " it, and nothing orders that before this " +
                               (writes ? "write" : "read"));
}

void note_read(word_log& word, const toucher& me) {
  word_log::touch* place = nullptr;
  for (word_log::touch& r : word.readers) {
    // What comes before me, whoever comes after me comes after as well: its place is free.
    if (place == nullptr && me.comes_after(r)) place = &r;
    if (r.warp != me.w.index || r.clock < me.w.together) continue;
    // Other lanes of my warp have read it since the lanes were together, or I have.
    if (r.lane != me.lane) r.lane = word_log::several;
    r.clock = me.w.clock[me.w.index];
    return;
  }
  if (place == nullptr) place = &word.readers[me.w.index % 4];
  *place = me.now();
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

void order_point::acquire(warp& w) const {
  merge(w.clock, seen);
  bring_together(w);
}

void order_point::take(order_point& from) {
  merge(seen, from.seen);
  from.clear();
}

void order_point::clear() { std::ranges::fill(seen, 0u); }

void bring_together(warp& w) { w.together = ++w.clock[w.index]; }

void bring_lanes_together() { bring_together(*machine.current->of); }

void start_clock(warp& w, unsigned index, unsigned count) {
  w.index = index;
  w.clock.assign(count, 0);
  bring_together(w);
}

void check_race(thread_block& owner, std::size_t offset, std::size_t bytes, access how,
                const char* instruction) {
  if (bytes < 4 || !current_settings().check_races) return;
  const toucher me = running_toucher();
  const bool writes = how != access::read;
  for (std::size_t i = offset / 4; i < (offset + bytes) / 4; ++i) {
    word_log& word = owner.words[i];
    // Lanes that store to one word at once are no race: the hardware keeps one of them.
    const bool one_store = writes && word.writer.warp == me.w.index;
    if (!one_store && !me.comes_after(word.writer))
      fail_race(instruction, 4 * i, writes, true, word.writer);
    if (!writes) {
      note_read(word, me);
      continue;
    }
    for (const word_log::touch& r : word.readers)
      if (!me.comes_after(r)) fail_race(instruction, 4 * i, writes, false, r);
    word = {me.now(), {}};
  }
}

void forget_accesses(thread_block& owner, std::size_t offset, std::size_t bytes) {
  for (std::size_t i = offset / 4; i < (offset + bytes + 3) / 4; ++i) owner.words[i] = {};
}

}  // namespace qtl::inline v0::gpu::emulated
