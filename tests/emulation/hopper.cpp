// SPDX-License-Identifier: Apache-2.0
// emulation/hopper.cpp - the marks that asynchronous reads and unfenced stores leave on shared
// memory.
#include "emulation/hopper.hpp"

#include <cstdarg>
#include <cstdio>

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr std::size_t chunk_bytes = 16;

void* create_hopper_block() { return new hopper_block; }
void destroy_hopper_block(void* data) { delete static_cast<hopper_block*>(data); }

const char* left_over(void* data) {
  const auto& h = *static_cast<const hopper_block*>(data);
  for (const bulk_groups& of_thread : h.bulk)
    for (const auto& job : of_thread.jobs)
      if (!job->was_read)
        return "the block ends while bulk stores may still read its shared memory: bulk_wait_read "
               "is missing";
  for (const wgmma_queue& of_warp : h.wgmma)
    if (!of_warp.jobs.empty())
      return "the block ends while wgmmas still run: wgmma_wait is missing";
  for (const wgmma_log& log : h.logs)
    if (!log.entries.empty())
      return "divergent collective: the warps of a warpgroup issued different numbers of wgmmas";
  for (const auto& [address, barrier] : h.barriers)
    if (barrier.bytes != 0)
      return barrier.bytes > 0
                 ? "the block ends while a barrier still expects bytes"
                 : "the block ends, and a barrier received bytes that nobody expected";
  return nullptr;
}

const storage_kind hopper_kind{create_hopper_block, destroy_hopper_block, left_over};

hopper_block& prepared(void* data, const thread_block& b) {
  auto& h = *static_cast<hopper_block*>(data);
  if (h.readers.empty() && !b.shared.empty()) {
    h.readers.resize((b.shared.size() + chunk_bytes - 1) / chunk_bytes);
    h.stores.resize((b.shared.size() + 3) / 4);
  }
  if (h.fences.empty()) {
    h.fences.resize(b.threads.size());
    h.bulk.resize(b.threads.size());
    h.cluster_arrivals.resize(b.threads.size());
    h.cluster_waits.resize(b.threads.size());
    h.wgmma.resize(b.warps.size());
    h.logs.resize(b.groups.size());
  }
  return h;
}

[[noreturn]] void fail_being_read(const char* instruction, const shared_place& at) {
  fail_launch(
      instruction,
      text("overwrites shared_base() + %zu, which a wgmma or a bulk store issued earlier may "
           "still read: its wait is missing, or the stage was released too early",
           at.offset()));
}

/// The hook of store instructions.
void watch_store(thread_block& b, std::size_t offset, std::size_t bytes, const char* instruction) {
  if (machine.target < static_cast<int>(gpu_target::sm_90a)) return;
  hopper_block& h = hopper_of(b.rank);
  const auto address = static_cast<std::uint32_t>(offset) + shared_begin;
  for (std::size_t c = offset / chunk_bytes; c <= (offset + bytes - 1) / chunk_bytes; ++c)
    if (h.readers[c] != 0) fail_being_read(instruction, {b.rank, address});
  const fiber& f = *machine.current;
  const std::uint32_t fences = hopper_here().fences[f.thread];
  for (std::size_t w = offset / 4; w <= (offset + bytes - 1) / 4; ++w)
    h.stores[w] = {f.thread + 1, fences, f.cluster_rank};
}

[[maybe_unused]] const bool watching = [] {
  on_shared_store = &watch_store;
  return true;
}();

bool is_fenced(const hopper_block::stored_by& stored) {
  if (stored.thread_plus_1 == 0) return true;
  return hopper_of(stored.rank).fences[stored.thread_plus_1 - 1] != stored.fences;
}

void check_fenced(const hopper_block& h, std::size_t word, const char* instruction,
                  const char* does) {
  const hopper_block::stored_by& stored = h.stores[word];
  if (is_fenced(stored)) return;
  fail_launch(instruction, text("%s shared_base() + %zu, which thread %u has stored without "
                                "fence.proxy.async.shared::cta since",
                                does, word * 4, stored.thread_plus_1 - 1));
}

}  // namespace

thread_block& peer_block(unsigned rank) { return *machine.current->home->team->blocks[rank]; }

hopper_block& hopper_of(unsigned rank) {
  return prepared(cluster_block_storage(hopper_kind, rank), peer_block(rank));
}

hopper_block& hopper_here() { return hopper_of(machine.current->cluster_rank); }

shared_place locate(std::uint32_t address) {
  const std::uint32_t rank = address >> 24;
  return {rank == 0 ? machine.current->cluster_rank : rank - 1, address & 0xffffffu};
}

void begin_async_read(std::uint32_t chunk, const char* instruction) {
  const std::size_t offset = std::size_t{chunk} - shared_begin;
  const thread_block& b = *machine.current->home;
  if (chunk < shared_begin || offset + chunk_bytes > b.shared.size())
    fail_launch(instruction,
                text("reads 16 bytes at shared_base() + %lld: outside of the %zu bytes "
                     "of shared memory",
                     static_cast<long long>(chunk) - shared_begin, b.shared.size()));
  for (std::size_t i = 0; i < chunk_bytes; ++i)
    if (b.shadow[offset + i] != shared_state::written)
      shared_bytes_uncounted(chunk, chunk_bytes, 1, access::read,
                             instruction);  // fails and says why
  hopper_block& h = hopper_here();
  for (std::size_t w = offset / 4; w < offset / 4 + chunk_bytes / 4; ++w)
    if (h.stores[w].thread_plus_1 != 0) check_fenced(h, w, instruction, "reads");
  check_race(*machine.current->home, offset, chunk_bytes, access::read, instruction);
  ++h.readers[offset / chunk_bytes];
}

void end_async_read(std::uint32_t chunk, const char* instruction) {
  const std::size_t offset = std::size_t{chunk} - shared_begin;
  --hopper_here().readers[offset / chunk_bytes];
  check_race(*machine.current->home, offset, chunk_bytes, access::read, instruction);
}

void check_async_write(const shared_place& to, std::uint32_t bytes, const char* instruction) {
  const hopper_block& h = hopper_of(to.rank);
  const std::size_t size = peer_block(to.rank).shared.size();
  if (to.address < shared_begin || to.offset() + bytes > size) return;  // reported by the mark
  for (std::size_t c = to.offset() / chunk_bytes; c <= (to.offset() + bytes - 1) / chunk_bytes; ++c)
    if (h.readers[c] != 0)
      fail_being_read(instruction,
                      {to.rank, static_cast<std::uint32_t>(c * chunk_bytes) + shared_begin});
  for (std::size_t w = to.offset() / 4; w <= (to.offset() + bytes - 1) / 4; ++w)
    check_fenced(h, w, instruction, "overwrites");
}

void fence_async(const char* instruction) {
  require(instruction, gpu_target::sm_90a);
  step(instruction);
  hopper_block& h = hopper_here();
  ++h.fences[machine.current->thread];
  for (auto& [address, barrier] : h.barriers)
    if (barrier.initialized_by == machine.current->thread) barrier.published = true;
}

void fence_mbarrier_init() {
  constexpr const char* instruction = "fence.mbarrier_init";
  require(instruction, gpu_target::sm_90a);
  step(instruction);
  for (auto& [address, barrier] : hopper_here().barriers)
    if (barrier.initialized_by == machine.current->thread) barrier.published = true;
}

void often_yield(const char* instruction) {
  if (machine.current != nullptr && (machine.random.next() & 1) != 0) yield(instruction);
}

std::string text(const char* format, ...) {
  char buffer[512];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

}  // namespace qtl::inline v0::gpu::emulated
