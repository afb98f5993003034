// SPDX-License-Identifier: Apache-2.0
// emulation/tma.cpp - the copy engine: loads that land in pieces and in any order, stores that read
// as late as they may.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "qtl/gpu/ptx/shared_swizzle.cuh"

#include "emulation/hopper.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

using ptx::shared_swizzle;

constexpr const char* load_name = "cp.async.bulk.tensor (load)";
constexpr const char* store_name = "cp.async.bulk.tensor (store)";
constexpr const char* bulk_load_name = "cp.async.bulk (load)";
constexpr const char* bulk_store_name = "cp.async.bulk (store)";

std::atomic<std::uint64_t> maps_encoded = 0;

const tensor_map_fields& fields_of(const void* map, const char* instruction) {
  if (reinterpret_cast<std::uintptr_t>(map) % 64 != 0)
    fail(instruction, "the tensor map is not aligned to 64 bytes");
  const auto& fields = *static_cast<const tensor_map_fields*>(map);
  if (fields.magic != tensor_map_magic)
    fail(instruction, "these 128 bytes are no tensor map: encode_tensor_map makes one");
  return fields;
}

std::uint32_t row_bytes(const tensor_map_fields& m) {
  return static_cast<std::uint32_t>(m.box[0] * m.element_bytes);
}

std::uint32_t rows_of(const tensor_map_fields& m) {
  return m.rank == 2 ? static_cast<std::uint32_t>(m.box[1]) : 1u;
}

const tensor_map_fields& checked_map(const tma_box& box, const char* instruction) {
  require(instruction, gpu_target::sm_90a);
  const tensor_map_fields& m = fields_of(box.map, instruction);
  if (m.rank != box.rank)
    fail_launch(instruction, text("a copy of %d dimensions through a map of %d", box.rank, m.rank));
  const auto pattern = static_cast<shared_swizzle>(m.swizzle);
  const std::uint32_t alignment = std::max(128u, ptx::pattern_bytes(pattern));
  if ((box.shared & 0xffffffu) % alignment != 0)
    fail_launch(instruction,
                text("shared_base() + %lld is not aligned to %u, which this swizzle needs",
                     static_cast<long long>(box.shared & 0xffffffu) - shared_begin, alignment));
  return m;
}

/// The part of row `row` of a box that lies inside the tensor.
struct row_part {
  std::byte* data = nullptr;
  std::uint32_t offset = 0;  ///< bytes from the row's beginning
  std::uint32_t bytes = 0;
};

row_part inside(const tensor_map_fields& m, const std::int32_t (&at)[2], std::uint32_t row) {
  const std::int64_t y = m.rank == 2 ? std::int64_t{at[1]} + row : 0;
  const std::int64_t first = std::max<std::int64_t>(at[0], 0);
  const std::int64_t last = std::min<std::int64_t>(std::int64_t{at[0]} + m.box[0], m.extents[0]);
  if (y < 0 || y >= m.extents[1] || first >= last) return {};
  auto* data = static_cast<std::byte*>(const_cast<void*>(m.data));
  return {data + y * m.pitch + first * m.element_bytes,
          static_cast<std::uint32_t>((first - at[0]) * m.element_bytes),
          static_cast<std::uint32_t>((last - first) * m.element_bytes)};
}

/// Some rows of a load on their way.
struct landing {
  const char* instruction;
  const tensor_map_fields* map;  ///< null: consecutive bytes at `from`
  const void* from;
  shared_place to;
  shared_place barrier;
  std::int32_t at[2];
  std::uint32_t first;  ///< row, or byte
  std::uint32_t count;
};

void land_rows(const landing& l) {
  const tensor_map_fields& m = *l.map;
  const std::uint32_t bytes = row_bytes(m);
  const auto pattern = static_cast<shared_swizzle>(m.swizzle);
  std::byte row[2048];
  std::byte* shared = peer_block(l.to.rank).shared.data();
  for (std::uint32_t r = l.first; r < l.first + l.count; ++r) {
    std::memset(row, 0, bytes);
    const row_part part = inside(m, l.at, r);
    if (part.bytes != 0)
      std::memcpy(row + part.offset,
                  global_bytes(part.data, part.bytes, 1, access::read, l.instruction), part.bytes);
    for (std::uint32_t c = 0; c < bytes; c += 16) {
      const std::uint32_t address = ptx::swizzled(l.to.address + r * bytes + c, pattern);
      std::memcpy(shared + (address - shared_begin), row + c, 16);
    }
  }
}

void land(void* state) {
  landing l;
  std::memcpy(&l, state, sizeof l);
  if (peer_block(l.to.rank).live == 0)
    fail(l.instruction, "the block ends while its bulk loads still run");
  const std::uint32_t unit = l.map != nullptr ? row_bytes(*l.map) : 1;
  const std::uint32_t first = l.to.address + l.first * unit;
  if (l.map != nullptr) {
    land_rows(l);
  } else {
    std::byte* shared = peer_block(l.to.rank).shared.data();
    const std::byte* from = global_bytes(static_cast<const std::byte*>(l.from) + l.first, l.count,
                                         16, access::read, l.instruction);
    std::memcpy(shared + (first - shared_begin), from, l.count);
  }
  shared_landed(cluster_address(first, l.to.rank), std::size_t{l.count} * unit);
  complete_bytes(l.barrier, l.count * unit, l.instruction);
}

/// Starts a load of `units` rows or bytes in up to four pieces, each a multiple of `step_units`.
void start(landing l, std::uint32_t units, std::uint32_t step_units, std::uint32_t unit_bytes) {
  check_async_write(l.to, units * unit_bytes, l.instruction);
  shared_in_flight(cluster_address(l.to.address, l.to.rank), std::size_t{units} * unit_bytes, 16,
                   l.instruction);
  const std::uint32_t steps = (units + step_units - 1) / step_units;
  const std::uint32_t piece = (steps + 3) / 4 * step_units;
  for (l.first = 0; l.first < units; l.first += piece) {
    l.count = std::min(piece, units - l.first);
    asynchronous later{l.instruction, &land, {}};
    static_assert(sizeof l <= sizeof later.state);
    std::memcpy(later.state, &l, sizeof l);
    post_asynchronous(later);
  }
}

void check_barrier(const shared_place& at, const char* instruction) {
  if (!barrier_at(at, instruction).published)
    fail_launch(instruction,
                text("the barrier at shared_base() + %zu was not fenced after its init "
                     "by fence.mbarrier_init or fence.proxy.async",
                     at.offset()));
}

bulk_groups& my_groups() { return hopper_here().bulk[machine.current->thread]; }

void queue(std::unique_ptr<bulk_store_job> job, const char* instruction) {
  bulk_groups& groups = my_groups();
  job->group = groups.commits;
  groups.jobs.push_back(std::move(job));
  for (const std::uint32_t chunk : groups.jobs.back()->chunks) begin_async_read(chunk, instruction);
}

void read_shared(bulk_store_job& job) {
  if (job.was_read) return;
  job.was_read = true;
  const std::byte* shared = machine.current->home->shared.data();
  for (const std::uint32_t chunk : job.chunks) {
    const std::byte* from = shared + (chunk - shared_begin);
    job.data.insert(job.data.end(), from, from + 16);
    end_async_read(chunk, "cp.async.bulk store");
  }
}

void write_global(bulk_store_job& job) {
  if (job.was_written) return;
  job.was_written = true;
  for (const bulk_store_job::piece& p : job.pieces)
    std::memcpy(global_bytes(p.to, p.bytes, 1, access::write, store_name),
                job.data.data() + p.offset, p.bytes);
  job.data.clear();
  note_progress();
}

void write_some_time(bulk_store_job& job) {
  asynchronous later{store_name, nullptr, {}};
  bulk_store_job* which = &job;
  std::memcpy(later.state, &which, sizeof which);
  later.complete = [](void* state) {
    bulk_store_job* it = nullptr;
    std::memcpy(&it, state, sizeof it);
    write_global(*it);
  };
  post_asynchronous(later);
}

}  // namespace

void tma_load(const tma_box& box) {
  step(load_name);
  const tensor_map_fields& m = checked_map(box, load_name);
  landing l{load_name, &m, nullptr, locate(box.shared), locate(box.barrier), {box.at[0], box.at[1]},
            0,         0};
  if (l.to.rank != l.barrier.rank)
    fail(load_name, "the barrier lies in another block than the destination");
  const std::uint32_t ranks = box.ranks != 0 ? box.ranks : 1u << l.to.rank;
  if (ranks >> here().cluster_blocks != 0)
    fail_launch(load_name,
                text("multicast to blocks 0x%x of a cluster of %u", ranks, here().cluster_blocks));
  for (unsigned rank = 0; rank < here().cluster_blocks; ++rank) {
    if ((ranks >> rank & 1) == 0) continue;
    l.to.rank = l.barrier.rank = rank;
    check_barrier(l.barrier, load_name);
    start(l, rows_of(m), 1, row_bytes(m));
  }
}

void bulk_load(std::uint32_t to, const void* from, std::uint32_t bytes, std::uint32_t barrier) {
  require(bulk_load_name, gpu_target::sm_90a);
  step(bulk_load_name);
  if (bytes == 0 || bytes % 16 != 0)
    fail_launch(bulk_load_name, text("copies %u bytes, expected a multiple of 16", bytes));
  const landing l{bulk_load_name, nullptr, from, locate(to), locate(barrier), {0, 0}, 0, 0};
  if (l.to.rank != l.barrier.rank)
    fail(bulk_load_name, "the barrier lies in another block than the destination");
  check_barrier(l.barrier, bulk_load_name);
  start(l, bytes, 16, 1);
}

void tma_store(const tma_box& box) {
  step(store_name);
  const tensor_map_fields& m = checked_map(box, store_name);
  const auto pattern = static_cast<shared_swizzle>(m.swizzle);
  const std::uint32_t bytes = row_bytes(m);
  auto job = std::make_unique<bulk_store_job>();
  for (std::uint32_t r = 0; r < rows_of(m); ++r) {
    const row_part part = inside(m, box.at, r);
    if (part.bytes == 0) continue;
    const auto begin = static_cast<std::uint32_t>(job->chunks.size() * 16);
    job->pieces.push_back({part.data, begin + part.offset % 16, part.bytes});
    for (std::uint32_t c = part.offset / 16 * 16; c < part.offset + part.bytes; c += 16)
      job->chunks.push_back(ptx::swizzled(box.shared + r * bytes + c, pattern));
  }
  queue(std::move(job), store_name);
}

void bulk_store(void* to, std::uint32_t from, std::uint32_t bytes) {
  require(bulk_store_name, gpu_target::sm_90a);
  step(bulk_store_name);
  if (bytes == 0 || bytes % 16 != 0 || from % 16 != 0 ||
      reinterpret_cast<std::uintptr_t>(to) % 16 != 0)
    fail_launch(bulk_store_name,
                text("copies %u bytes from shared_base() + %lld: both addresses and the size are "
                     "multiples of 16",
                     bytes, static_cast<long long>(from) - shared_begin));
  auto job = std::make_unique<bulk_store_job>();
  job->pieces.push_back({static_cast<std::byte*>(to), 0, bytes});
  for (std::uint32_t c = 0; c < bytes; c += 16) job->chunks.push_back(from + c);
  queue(std::move(job), bulk_store_name);
}

void bulk_commit() {
  require("cp.async.bulk.commit_group", gpu_target::sm_90a);
  step("cp.async.bulk.commit_group");
  ++my_groups().commits;
}

void bulk_wait(int pending, bool only_read) {
  const char* instruction =
      only_read ? "cp.async.bulk.wait_group.read" : "cp.async.bulk.wait_group";
  require(instruction, gpu_target::sm_90a);
  bulk_groups& groups = my_groups();
  for (auto& job : groups.jobs) {
    if (job->group + static_cast<std::uint32_t>(pending) >= groups.commits) break;
    if (only_read && !job->was_read) write_some_time(*job);
    read_shared(*job);
    if (!only_read) write_global(*job);
  }
  often_yield(instruction);
}

void prefetch_tensor_map(const void* map) {
  require("prefetch.tensormap", gpu_target::sm_90a);
  step("prefetch.tensormap");
  fields_of(map, "prefetch.tensormap");
}

void count_tensor_map() { ++maps_encoded; }

std::uint64_t encoded_tensor_maps() { return maps_encoded; }

}  // namespace qtl::inline v0::gpu::emulated
