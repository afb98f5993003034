// SPDX-License-Identifier: Apache-2.0
// emulation/bank_conflicts.cpp - how many cycles the 32 banks need for what a warp reads at once.
#include <algorithm>
#include <bit>
#include <cstring>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

/// Distinct words of one phase in each bank; the fullest bank sets the number of wavefronts.
class phase {
 public:
  void add(std::uint32_t word) {
    const std::uint32_t bank = word % 32;
    for (std::uint32_t i = 0; i < used_[bank]; ++i)
      if (words_[bank][i] == word) return;
    words_[bank][used_[bank]++] = word;
    fullest_ = std::max(fullest_, used_[bank]);
    ++distinct_;
  }
  std::uint32_t wavefronts() const { return fullest_; }
  std::uint32_t least() const { return (distinct_ + 31) / 32; }

 private:
  std::uint32_t words_[32][32];
  std::uint32_t used_[32] = {};
  std::uint32_t fullest_ = 0;
  std::uint32_t distinct_ = 0;
};

/// Counts one phase; an access of fewer than four bytes still takes its word.
void count_phase(const std::uint32_t* addresses, int count, std::uint32_t bytes) {
  phase p;
  for (int i = 0; i < count; ++i)
    for (std::uint32_t at = 0; at < bytes; at += 4) p.add((addresses[i] + at) / 4);
  machine.counts.shared_wavefronts += p.wavefronts();
  machine.counts.bank_conflicts += p.wavefronts() - p.least();
}

/// Wide accesses are served in phases of 128 bytes: 16 lanes of 8 bytes, 8 lanes of 16.
void count_request(const bank_counter::request& r) {
  const unsigned lanes = r.bytes <= 4 ? 32 : 128 / r.bytes;
  ++machine.counts.shared_requests;
  for (unsigned begin = 0; begin < 32; begin += lanes) {
    std::uint32_t addresses[32];
    int count = 0;
    for (unsigned lane = begin; lane < begin + lanes; ++lane)
      if ((r.mask >> lane & 1) != 0) addresses[count++] = r.address[lane];
    if (count > 0) count_phase(addresses, count, r.bytes);
  }
}

}  // namespace

void bank_counter::add(fiber& lane, const char* instruction, std::uint32_t address,
                       std::uint32_t bytes) {
  // A lane that skipped an access under a condition finds its next one further on.
  std::size_t i = lane.shared_count - std::min(lane.shared_count, first);
  while (i < requests.size() &&
         (requests[i].instruction != instruction || requests[i].bytes != bytes))
    ++i;
  if (i == requests.size()) {
    requests.emplace_back();
    requests.back().instruction = instruction;
    requests.back().bytes = bytes;
    requests.back().mask = 0;
  }
  requests[i].mask |= 1u << lane.lane;
  requests[i].address[lane.lane] = address;
  lane.shared_count = first + static_cast<std::uint32_t>(i) + 1;
  constexpr std::size_t most = 1024;
  if (requests.size() < most) return;
  for (const request& r : requests) count_request(r);
  first += static_cast<std::uint32_t>(requests.size());
  requests.clear();
}

void bank_counter::count_all(warp& lanes) {
  if (requests.empty()) return;
  for (const request& r : requests) count_request(r);
  requests.clear();
  first = 0;
  for (fiber* f : lanes.lanes)
    if (f != nullptr) f->shared_count = 0;
}

void count_shared_phase(const std::uint32_t* addresses, int count, std::uint32_t bytes) {
  ++machine.counts.shared_requests;
  count_phase(addresses, count, bytes);
}

}  // namespace qtl::inline v0::gpu::emulated
