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
void count_request(const bank_counter::request& r, std::uint32_t bytes) {
  const unsigned lanes = bytes <= 4 ? 32 : 128 / bytes;
  ++machine.counts.shared_requests;
  for (unsigned begin = 0; begin < 32; begin += lanes) {
    std::uint32_t addresses[32];
    int count = 0;
    for (unsigned lane = begin; lane < begin + lanes; ++lane)
      if ((r.mask >> lane & 1) != 0) addresses[count++] = r.address[lane];
    if (count > 0) count_phase(addresses, count, bytes);
  }
}

/// Counts and forgets what is known of one kind.
void count_kind(bank_counter& banks, unsigned kind) {
  for (const bank_counter::request& r : banks.requests[kind]) count_request(r, 1u << kind % 5);
  banks.requests[kind].clear();
  std::ranges::fill(banks.seen[kind], 0u);
}

}  // namespace

void bank_counter::add(unsigned lane, unsigned way, std::uint32_t address, std::size_t bytes) {
  const unsigned kind = way * 5 + static_cast<unsigned>(std::countr_zero(bytes));
  constexpr std::size_t most = 1024;  // of a loop in which lanes never come together
  if (requests[kind].size() >= most) count_kind(*this, kind);
  const std::uint32_t i = seen[kind][lane]++;
  if (i >= requests[kind].size()) requests[kind].push_back({0, {}});
  requests[kind][i].mask |= 1u << lane;
  requests[kind][i].address[lane] = address;
}

void bank_counter::count_all() {
  for (unsigned kind = 0; kind < kinds; ++kind)
    if (!requests[kind].empty()) count_kind(*this, kind);
}

void bank_counter::clear() {
  for (std::vector<request>& r : requests) r.clear();
  std::memset(seen, 0, sizeof seen);
}

void count_shared_phase(const std::uint32_t* addresses, int count, std::uint32_t bytes) {
  ++machine.counts.shared_requests;
  count_phase(addresses, count, bytes);
}

}  // namespace qtl::inline v0::gpu::emulated
