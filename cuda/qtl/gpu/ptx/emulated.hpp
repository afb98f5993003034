// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/emulated.hpp - what the emulated branch of an instruction may ask of the emulator.
// Holds: place, step, require, fail, rendezvous, barriers, checked memory, asynchronous operations;
// for hosts: settings, launch, memory, reports. Defined in tests/emulation, linked as a library.
//
// A kernel's thread is a fiber. Its code runs until a service lets another thread go on, so between
// two services a thread is alone and needs no atomics. One launch runs at a time, on the host's
// calling thread. Nothing here unwinds: fail() drops every fiber where it stands, so hold no owning
// object (std::vector ...) across a service.
//
// To add an instruction: require() if not every target has it; then step() if it is one thread's
// own, warp_collective() if it is .sync.aligned, global_bytes() or shared_bytes() for what it
// touches. Give every service the instruction's PTX name as a literal: reports print it.
// To add an asynchronous service, choose when its operations may complete:
//   * at a wait of the issuing thread and not before (cp.async, wgmma): keep them in a
//     block_storage, mark their destination with shared_in_flight() when they are issued, and carry
//     them out in the wait instruction;
//   * at any time (bulk copies): post_asynchronous(). The engine completes posted operations one by
//     one in random order at random steps, and at the latest when every thread waits.
// Where the service orders the memory accesses of warps, it hands their clocks on: an order_point
// of emulation/engine.hpp, released by those who arrive and acquired by those who have waited. A
// thread that must wait for such an event calls wait_on(channel) in a loop that tests its
// condition; whoever changes the condition calls notify(channel). A channel is any address.
#pragma once

#include "qtl/gpu/ptx/target.cuh"

#if QTL_GPU_EMULATED

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "qtl/base/error.hpp"

namespace qtl::inline v0::gpu::emulated {

/// Where the calling thread stands.
struct place {
  unsigned thread = 0;          ///< in its block
  unsigned threads = 1;         ///< of a block
  dim block{0, 0, 0};           ///< in the grid
  dim grid;                     ///< blocks of the grid
  unsigned cluster_rank = 0;    ///< this block's rank in its cluster
  unsigned cluster_blocks = 1;  ///< blocks of a cluster
};

/// The place of the running thread; outside a kernel, that of a block of one thread.
extern const place* running;
inline const place& here() { return *running; }

/// How an instruction touches memory. An atomic one reads and writes, and may write often; it and
/// an acquiring read order what other warps did before their atomics.
enum class access : std::uint8_t { read, write, atomic, acquire };

// Scheduling.

/// Calls of step() until the next one yields.
extern std::int32_t steps_left;

/// Lets another thread run now; the next one is drawn by seed.
void yield(const char* instruction);

/// A point where another thread may run: one call in about thirty yields.
inline void step(const char* instruction) {
  if (--steps_left <= 0) [[unlikely]]
    yield(instruction);
}

/// A read in a loop that waits for another thread or block: yields, and tells the engine that this
/// thread may be spinning, so that it starts further blocks or reports that nothing moves.
void poll(const char* instruction);

/// What a waiting thread waits for, printed when nothing can move: "<instruction> <what> <value>".
struct wait_reason {
  const char* instruction;
  const char* what = "";
  std::int64_t value = 0;
};

/// Waits until someone notifies the channel. Test your condition again afterwards.
void wait_on(const void* channel, const wait_reason& why);

/// Lets every thread waiting on the channel run again.
void notify(const void* channel);

// Failures.

/// Ends the launch: records kernel, block, thread, seed, instruction and the text; never returns.
[[noreturn]] void fail(const char* instruction, std::string_view text);

/// Fails unless the emulated target is at least `least`, and is `only` where that is not 0.
void require(const char* instruction, gpu_target least);
void require(const char* instruction, gpu_target least, gpu_target only);

/// Inside a rendezvous' act, which runs once for all: the lane that a failure is blamed on.
void blame_lane(unsigned lane);

// Rendezvous.

/// Waits for all lanes of `mask` to come to the same instruction with the same mask. The last one
/// runs act(lanes), where lanes[i] is lane i's `mine`, null where it takes no part or the block has
/// no such thread.
void warp_collective(const char* instruction, std::uint32_t mask, void* mine,
                     void (*act)(void* const* lanes));

/// The same for the 128 threads of a warpgroup; lanes has 128 entries.
void warpgroup_collective(const char* instruction, void* mine, void (*act)(void* const* lanes));

/// For the act of an instruction that orders the memory accesses of its warp's lanes
/// (bar.warp.sync): other collectives do not.
void bring_lanes_together();

/// Named barrier `id`, completed by `threads` arrivals (0: every thread of the block).
void block_barrier(const char* instruction, unsigned id, unsigned threads, bool waits);

// Memory.

/// Checks that the bytes lie in one allocation, are aligned, were written before a read, and are
/// written once where the host asked for it.
std::byte* global_bytes(const void* pointer, std::size_t bytes, std::size_t alignment, access how,
                        const char* instruction);

/// The dynamic shared memory's first address: a multiple of 1024, and not 0.
inline constexpr std::uint32_t shared_begin = 1024;

/// An address in the shared memory of the cluster's block `rank`, as mapa makes it.
inline constexpr std::uint32_t cluster_address(std::uint32_t address, unsigned rank) {
  return (address & 0x00ffffffu) | (rank + 1) << 24;
}

/// Checks bounds, alignment and, before a read, that the bytes are written and not in flight.
/// Counts bank conflicts of the lanes that execute the instruction together.
std::byte* shared_bytes(std::uint32_t address, std::size_t bytes, std::size_t alignment, access how,
                        const char* instruction);

/// The same without counting: for collectives, which call count_shared_phase().
std::byte* shared_bytes_uncounted(std::uint32_t address, std::size_t bytes, std::size_t alignment,
                                  access how, const char* instruction);

/// Counts the conflicts of `count` addresses of `bytes` each that the hardware serves in one phase
/// (ldmatrix: the eight rows of one matrix). At most 128 bytes in all are free of conflicts.
void count_shared_phase(const std::uint32_t* addresses, int count, std::uint32_t bytes);

/// Marks bytes as the destination of a running asynchronous copy and poisons them: to read or write
/// them is an error until shared_landed() says that they are written.
std::byte* shared_in_flight(std::uint32_t address, std::size_t bytes, std::size_t alignment,
                            const char* instruction);
void shared_landed(std::uint32_t address, std::size_t bytes);

// Asynchronous operations.

/// Starts a copy of the running thread; the bytes beyond source_bytes become zeros.
void cp_async(std::uint32_t to, const void* from, int bytes, int source_bytes,
              const char* instruction);
/// Closes the thread's group of copies.
void cp_async_commit(const char* instruction);
/// Lands all but the newest `pending` groups: nowhere earlier are the bytes there.
void cp_async_wait(int pending, const char* instruction);
/// Arrives at the mbarrier when all earlier cp.async of this thread have landed.
void cp_async_arrive(std::uint32_t mbarrier, const char* instruction);
/// Set by whoever emulates mbarriers: an arrival (without a new expectation) at a shared address.
extern void (*arrive_at_mbarrier)(std::uint32_t address, const char* instruction);

/// An operation that completes at some later time. `state` is copied.
struct asynchronous {
  const char* instruction = "";
  void (*complete)(void* state) = nullptr;  ///< runs in the place of the thread that posted it
  alignas(16) std::byte state[112] = {};
};
void post_asynchronous(const asynchronous& operation);

/// How to make and end a service's own data of one block; each static object of this type is a key.
struct storage_kind {
  void* (*create)();
  void (*destroy)(void*);
  /// Null, or a sentence when a block ends while the data says that something is still running.
  const char* (*left_over)(void*) = nullptr;
};
/// The running block's data of that kind, created at the first call.
void* block_storage(const storage_kind& kind);
/// The same of the block `rank` in the running block's cluster.
void* cluster_block_storage(const storage_kind& kind, unsigned rank);

// For hosts and tests.

/// How the following launches run.
struct settings {
  std::uint64_t seed = 1;  ///< odd: warps take turns at random; even: some get far ahead
  /// The emulated GPU; 0: each kernel runs on the least target it names, so that it cannot use
  /// more.
  int target = 0;
  /// On average one memory step in so many lets another thread run.
  std::int32_t steps_between_switches = 32;
  /// Whether accesses to shared memory that no barrier orders fail even where they did no harm.
  bool check_races = true;
  /// Whether launches do anything beyond checks of their order. Without, what is left is the host's
  /// own work, which can then be timed and counted.
  bool runs_kernels = true;
};
settings& current_settings();

/// The GPU that a host sees: settings.target, or sm_90a where that is 0.
gpu_target visible_target();

/// One kernel launch, without templates.
struct launch_order {
  const char* kernel = "";
  dim grid;
  unsigned threads = 1;
  unsigned cluster_blocks = 1;
  std::uint32_t shared_bytes = 0;
  gpu_target least_target = gpu_target::sm_80;
  int only_target = 0;  ///< the one target that runs it; 0: all from least_target on
  void (*run)(const void* params) = nullptr;
  const void* params = nullptr;
};

/// Runs every block; the first failure of any thread ends it and is returned.
status launch(const launch_order& order);

/// The whole text of the last failure (a status holds only its beginning).
const char* last_failure();

/// What the last launch did.
struct launch_counts {
  std::uint64_t switches = 0;           ///< from fiber to fiber
  std::uint64_t shared_requests = 0;    ///< warp-wide accesses to shared memory
  std::uint64_t shared_wavefronts = 0;  ///< cycles of the shared memory they take
  std::uint64_t bank_conflicts = 0;     ///< wavefronts beyond what the bytes need
};
launch_counts last_launch();

// Global memory, as runtime.cuh offers it.

/// Fresh memory, aligned to 256: unwritten, its bytes are 0xCD. Null where there is none.
void* allocate(std::size_t bytes);
/// Gives back what allocate() returned.
void release(void* pointer);
/// Copies to an allocation; the bytes count as written.
status host_write(void* to, const void* from, std::size_t bytes);
/// Copies from an allocation, unwritten bytes too.
status host_read(void* to, const void* from, std::size_t bytes);
/// Sets bytes of an allocation; they count as written.
status host_fill(void* to, int byte, std::size_t bytes);

/// From now on a second write of one of these bytes fails; bytes that nobody writes are named by
/// check_written(), which ends the watch.
status expect_written_once(const void* pointer, std::size_t bytes);
status check_written();

}  // namespace qtl::inline v0::gpu::emulated

#endif  // QTL_GPU_EMULATED
