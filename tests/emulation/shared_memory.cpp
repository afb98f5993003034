// SPDX-License-Identifier: Apache-2.0
// emulation/shared_memory.cpp - a block's shared memory, with a shadow that knows what may be read.
#include <algorithm>
#include <cstring>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr int unwritten_byte = 0xcd;
constexpr int in_flight_byte = 0xee;

struct span {
  thread_block* owner;
  std::size_t offset;
};

std::string at(std::uint32_t address, std::size_t bytes) {
  return std::to_string(bytes) + " bytes at shared_base() + " +
         std::to_string(static_cast<std::int64_t>(address & 0xffffffu) - shared_begin);
}

thread_block& block_of(const char* instruction, std::uint32_t address) {
  thread_block& mine = *running_fiber(instruction).home;
  const std::uint32_t rank = address >> 24;
  if (rank == 0) return mine;
  if (rank > machine.current->cluster_blocks)
    fail_launch(instruction, "names block " + std::to_string(rank - 1) + " of a cluster of " +
                                 std::to_string(machine.current->cluster_blocks));
  return *mine.team->blocks[rank - 1];
}

span find(const char* instruction, std::uint32_t address, std::size_t bytes,
          std::size_t alignment) {
  thread_block& b = block_of(instruction, address);
  const std::size_t offset = std::size_t{address & 0xffffffu} - shared_begin;
  if (offset + bytes > b.shared.size() || offset > b.shared.size())
    fail_launch(instruction, at(address, bytes) + ": the block has " +
                                 std::to_string(b.shared.size()) + " bytes of shared memory");
  if (offset % alignment != 0)
    fail_launch(instruction, at(address, bytes) + ": not aligned to " + std::to_string(alignment));
  if (b.live == 0) fail_launch(instruction, at(address, bytes) + ": that block has ended");
  return {&b, offset};
}

[[noreturn]] void fail_state(const char* instruction, std::uint32_t address, std::size_t bytes,
                             const shared_state* states, access how) {
  const auto any = [=](shared_state wanted) {
    return std::find(states, states + bytes, wanted) != states + bytes;
  };
  fail_launch(instruction, at(address, bytes) + (how == access::read ? ": reads " : ": writes ") +
                               (any(shared_state::mbarrier) ? "a barrier as if it were memory"
                                : any(shared_state::in_flight)
                                    ? "the destination of a copy that is still in flight"
                                    : "bytes that nobody has written"));
}

/// True when all bytes are in that state; one word at a time, which is the common size.
bool all(const shared_state* states, std::size_t bytes, shared_state wanted) {
  const auto state = static_cast<unsigned char>(wanted);
  const std::uint64_t word = 0x0101010101010101ull * state;
  std::size_t i = 0;
  for (; i + 8 <= bytes; i += 8)
    if (std::memcmp(states + i, &word, 8) != 0) return false;
  for (; i < bytes; ++i)
    if (states[i] != wanted) return false;
  return true;
}

void check_state(const char* instruction, std::uint32_t address, const span& where,
                 std::size_t bytes, access how) {
  shared_state* states = where.owner->shadow.data() + where.offset;
  if (all(states, bytes, shared_state::written)) return;
  const bool may_be_unwritten = how == access::write;
  for (std::size_t i = 0; i < bytes; ++i)
    if (states[i] != shared_state::written &&
        (states[i] != shared_state::unwritten || !may_be_unwritten))
      fail_state(instruction, address, bytes, states, how);
  std::fill(states, states + bytes, shared_state::written);
}

}  // namespace

void (*on_shared_store)(thread_block& b, std::size_t offset, std::size_t bytes,
                        const char* instruction) = nullptr;

void reset_shared(thread_block& b, std::size_t bytes) {
  b.shared.assign(bytes, static_cast<std::byte>(unwritten_byte));
  b.shadow.assign(bytes, shared_state::unwritten);
  b.words.assign((bytes + 3) / 4, word_log{});
}

std::byte* shared_bytes_uncounted(std::uint32_t address, std::size_t bytes, std::size_t alignment,
                                  access how, const char* instruction) {
  const span where = find(instruction, address, bytes, alignment);
  check_state(instruction, address, where, bytes, how);
  check_race(*where.owner, where.offset, bytes, how, instruction);
  if (how != access::read) {
    note_progress();
    if (on_shared_store != nullptr && bytes > 0)
      on_shared_store(*where.owner, where.offset, bytes, instruction);
  }
  return where.owner->shared.data() + where.offset;
}

std::byte* shared_bytes(std::uint32_t address, std::size_t bytes, std::size_t alignment, access how,
                        const char* instruction) {
  std::byte* found = shared_bytes_uncounted(address, bytes, alignment, how, instruction);
  const fiber& f = *machine.current;
  f.of->banks.add(f.lane, static_cast<unsigned>(how), address, bytes);
  return found;
}

std::byte* shared_in_flight(std::uint32_t address, std::size_t bytes, std::size_t alignment,
                            const char* instruction) {
  const span where = find(instruction, address, bytes, alignment);
  shared_state* states = where.owner->shadow.data() + where.offset;
  for (std::size_t i = 0; i < bytes; ++i)
    if (states[i] == shared_state::in_flight || states[i] == shared_state::mbarrier)
      fail_state(instruction, address, bytes, states, access::write);
  check_race(*where.owner, where.offset, bytes, access::write, instruction);
  std::fill(states, states + bytes, shared_state::in_flight);
  std::byte* data = where.owner->shared.data() + where.offset;
  std::memset(data, in_flight_byte, bytes);
  return data;
}

void shared_landed(std::uint32_t address, std::size_t bytes) {
  const span where = find("asynchronous copy", address, bytes, 1);
  shared_state* states = where.owner->shadow.data() + where.offset;
  std::fill(states, states + bytes, shared_state::written);
  forget_accesses(*where.owner, where.offset, bytes);
  note_progress();
}

void* cluster_block_storage(const storage_kind& kind, unsigned rank) {
  thread_block& b = *running_fiber("block_storage").home->team->blocks[rank];
  for (const thread_block::stored& s : b.storage)
    if (s.kind == &kind) return s.data;
  b.storage.push_back({&kind, kind.create()});
  return b.storage.back().data;
}

void* block_storage(const storage_kind& kind) {
  return cluster_block_storage(kind, running_fiber("block_storage").cluster_rank);
}

}  // namespace qtl::inline v0::gpu::emulated
