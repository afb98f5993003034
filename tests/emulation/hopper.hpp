// SPDX-License-Identifier: Apache-2.0
// emulation/hopper.hpp - what a block's asynchronous hardware knows: barriers, marks on shared
// memory, copies, registers. Not for kernels. mbarrier.cpp, tma.cpp, wgmma.cpp and cluster.cpp
// share it; hopper.cpp keeps the marks.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "qtl/gpu/ptx/emulated_hopper.hpp"

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

/// A barrier in shared memory.
struct mbarrier {
  std::int64_t arrivals = 0;  ///< of every phase
  std::int64_t missing = 0;   ///< of the current one
  std::int64_t bytes = 0;     ///< expected less landed
  std::uint32_t parity = 0;   ///< of the current phase
  unsigned initialized_by = 0;
  bool published = false;  ///< its init is fenced: TMA and other blocks may use it
  char state[192] = "";    ///< for reports: what the phase waits for
  order_point arriving;    ///< what this phase's arrivals hand on
  order_point order;       ///< and those of the phases before
};

/// A store of the copy engine: queued when issued, read at a wait, written some time later.
struct bulk_store_job {
  std::uint32_t from = 0;
  std::vector<std::uint32_t> chunks;  ///< addresses of the 16-byte chunks, in the order of `to`
  struct piece {
    std::byte* to;
    std::uint32_t offset;
    std::uint32_t bytes;
  };
  std::vector<piece> pieces;  ///< what lies inside the tensor
  std::vector<std::byte> data;
  std::uint32_t group = 0;
  bool was_read = false;
  bool was_written = false;
};

/// The stores of one thread.
struct bulk_groups {
  std::vector<std::unique_ptr<bulk_store_job>> jobs;
  std::uint32_t commits = 0;
};

/// One wgmma of one warp between its issue and its wait.
struct wgmma_job {
  wgmma_call call;  ///< lane 0's; d and a_registers of every lane are below
  void* d[32];
  const std::uint32_t* a_pointers[32];
  std::uint32_t a[32][4];
  std::uint32_t group = 0;
};

/// The accumulators of products in flight, held back until the last of them is waited for.
struct wgmma_accumulators {
  void* d[32];
  int n = 0;
  int running = 0;
  std::vector<std::uint32_t> values;  ///< row by row: 16 x n
};

/// What a warp has issued.
struct wgmma_queue {
  std::list<wgmma_job> jobs;
  std::vector<std::unique_ptr<wgmma_accumulators>> accumulators;
  std::map<const void*, std::uint64_t>
      seen;  ///< registers as a product last left them, since the last fence
  std::uint32_t commits = 0;
  std::uint64_t issued = 0;
  bool fenced = false;
};

/// What the four warps of a warpgroup must issue alike.
struct wgmma_log {
  struct entry {
    std::uint64_t a;
    std::uint64_t b;
    int n;
    bool accumulate;
    bool from_registers;
    int seen;
  };
  std::vector<entry> entries;
  std::uint64_t first = 0;  ///< the number of entries.front()
};

/// Who owns how many registers (setmaxnreg).
struct register_pool {
  std::int64_t free = 0;
  struct role {
    int owned = 0;
    int wanted = 0;
  };
  std::vector<role> roles;  ///< one per warpgroup; empty until the first setmaxnreg
};

/// Everything of one block.
struct hopper_block {
  std::map<std::uint32_t, mbarrier> barriers;
  std::vector<std::uint16_t> readers;  ///< per 16 bytes: asynchronous reads in flight
  /// Per 4 bytes: the thread that stored them (of block `rank`; 0: none), and how often it had
  /// fenced by then.
  struct stored_by {
    std::uint32_t thread_plus_1 = 0;
    std::uint32_t fences = 0;
    std::uint32_t rank = 0;
  };
  std::vector<stored_by> stores;
  std::vector<std::uint32_t> fences;  ///< per thread: proxy fences so far
  std::vector<bulk_groups> bulk;      ///< per thread
  std::vector<wgmma_queue> wgmma;     ///< per warp
  std::vector<wgmma_log> logs;        ///< per warpgroup
  register_pool registers;
  std::vector<std::uint32_t> cluster_arrivals;  ///< per thread: cluster_arrive calls
  std::vector<std::uint32_t> cluster_waits;
  std::uint64_t cluster_arrived = 0;  ///< in rank 0's block: of the current generation
  std::uint32_t cluster_generation = 0;
  order_point cluster_order;  ///< in rank 0's block
};

/// Of the running thread's block, or of the block `rank` of its cluster.
hopper_block& hopper_here();
hopper_block& hopper_of(unsigned rank);
thread_block& peer_block(unsigned rank);

/// Splits an address into the rank it names (the running block's own where it names none) and the
/// offset in that block's shared memory.
struct shared_place {
  unsigned rank;
  std::uint32_t address;
  std::size_t offset() const { return address - shared_begin; }
};
shared_place locate(std::uint32_t address);

/// Fails unless asynchronous hardware may read these bytes from now on: inside the shared memory,
/// written, not in flight, and fenced by whoever stored them. Marks 16-byte chunks as being read.
void begin_async_read(std::uint32_t chunk, const char* instruction);
void end_async_read(std::uint32_t chunk, const char* instruction);

/// Fails where a copy would overwrite what is being read, or what a thread stored without a fence.
void check_async_write(const shared_place& to, std::uint32_t bytes, const char* instruction);

/// The barrier at an address; fails when there is none.
mbarrier& barrier_at(const shared_place& at, const char* instruction);
/// `bytes` bytes of a bulk copy have landed.
void complete_bytes(const shared_place& at, std::uint32_t bytes, const char* instruction);

/// printf into a string, for reports.
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// Lets another thread run in one call of two: where arrivals and waits meet, luck must not decide.
void often_yield(const char* instruction);

}  // namespace qtl::inline v0::gpu::emulated
