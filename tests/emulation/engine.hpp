// SPDX-License-Identifier: Apache-2.0
// emulation/engine.hpp - the emulator's own data: fibers, warps, blocks, and who runs next.
// Not for kernels: they see qtl/gpu/ptx/emulated.hpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "qtl/gpu/ptx/emulated.hpp"

#include "emulation/fiber_stack.hpp"

namespace qtl::inline v0::gpu::emulated {

struct thread_block;
struct warp;

/// One cp.async of one thread.
struct pending_copy {
  std::uint32_t to;
  std::int32_t bytes;
  std::int32_t source_bytes;
  std::uint32_t group;   ///< how many commits came before it
  std::uint32_t number;  ///< how many copies of the thread came before it
  const void* from;
};

/// One CUDA thread.
struct fiber : place {
  stack_position position = nullptr;
  std::byte* stack = nullptr;
  thread_block* home = nullptr;
  warp* of = nullptr;
  unsigned lane = 0;
  bool exited = false;
  wait_reason waits{nullptr};     ///< instruction is null while it runs
  const void* channel = nullptr;  ///< what wait_on() waits for
  std::uint32_t groups = 0;       ///< commits of cp.async
  std::uint32_t issued = 0;       ///< copies of cp.async
  std::vector<pending_copy> copies;
};

/// Something through which a warp's accesses come before another's: a barrier, a flag.
struct order_point {
  std::vector<std::uint32_t> seen;  ///< of each warp of the cluster, how far it had come

  void release();                ///< by the running warp
  void acquire(warp& w) const;   ///< its lanes are together then
  void take(order_point& from);  ///< moves what `from` has seen here
  void clear();
};

/// Who last touched a word of shared memory, and when by his own clock; 0: nobody.
struct word_log {
  static constexpr std::uint16_t several = 32;
  struct touch {
    std::uint32_t clock = 0;
    std::uint16_t warp = 0;
    std::uint16_t lane = 0;  ///< or several
  };
  touch writer;
  touch readers[4];  ///< since the write
};

/// Lanes that wait for one another at one instruction.
struct rendezvous {
  const char* instruction = nullptr;
  std::uint32_t mask = 0;
  std::uint32_t arrived = 0;
  void* lanes[32];
};

/// Shared-memory accesses of one warp, grouped as the hardware would serve them: the n-th access of
/// one kind of every lane, since the lanes were last together, is one request.
struct bank_counter {
  static constexpr unsigned kinds = 20;  ///< four ways of access, five sizes
  struct request {
    std::uint32_t mask;
    std::uint32_t address[32];
  };
  std::vector<request> requests[kinds];
  std::uint32_t seen[kinds][32] = {};  ///< per lane

  void add(unsigned lane, unsigned way, std::uint32_t address, std::size_t bytes);
  void count_all();
  void clear();
};

/// The way of a cp.async; the others are those of `access`.
inline constexpr unsigned copying = 3;

struct warp {
  thread_block* home = nullptr;
  unsigned index = 0;                ///< in the cluster
  std::vector<std::uint32_t> clock;  ///< one for each warp of the cluster
  std::uint32_t together = 0;        ///< its own clock when its lanes were last ordered
  std::uint32_t present = 0;         ///< lanes that the block has threads for
  std::uint32_t exited = 0;
  std::uint32_t runnable = 0;
  std::int64_t priority = 0;  ///< where machine_state::by_priority
  int ready_at = -1;          ///< index in machine_state::ready, -1 when nothing is runnable
  fiber* lanes[32] = {};
  std::vector<rendezvous> meetings;
  bank_counter banks;
};

struct warpgroup {
  const char* instruction = nullptr;
  unsigned arrived = 0;
  void* threads[128];
};

struct named_barrier {
  unsigned expected = 0;  ///< 0: nobody has arrived
  unsigned arrived = 0;
  std::uint32_t arrivals[32] = {};  ///< per warp
  std::uint32_t waiting[32] = {};
  order_point order;

  void begin_phase();
};

/// One byte of shadow for every byte of shared memory.
enum class shared_state : std::uint8_t { unwritten, written, in_flight, mbarrier };

struct cluster;

/// One block; several may be alive at once.
struct thread_block {
  dim index;
  unsigned rank = 0;
  unsigned live = 0;  ///< threads that have not exited
  cluster* team = nullptr;
  std::vector<fiber> threads;
  std::vector<warp> warps;
  std::vector<warpgroup> groups;
  named_barrier barriers[16];
  std::vector<std::byte> shared;
  std::vector<shared_state> shadow;
  std::vector<word_log> words;
  struct stored {
    const storage_kind* kind;
    void* data;
  };
  std::vector<stored> storage;
};

/// The blocks of one cluster, alive together; a block without a cluster is one of its own.
struct cluster {
  std::vector<std::unique_ptr<thread_block>> blocks;
  unsigned live = 0;           ///< threads of all its blocks
  order_point global_atomics;  ///< flags and counters in global memory order its warps too
};

struct posted {
  asynchronous operation;
  fiber* by;
};

/// A small random generator (xorshift64*), seeded anew by every launch.
struct random_source {
  std::uint64_t state = 1;
  void seed(std::uint64_t value);
  std::uint32_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<std::uint32_t>(state * 0x2545f4914f6cdd1dull >> 32);
  }
  /// Evenly from [0, n).
  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(next()) * n >> 32);
  }
};

/// Everything about the running launch.
struct machine_state {
  const launch_order* order = nullptr;
  int target = 0;
  fiber* current = nullptr;
  warp* current_warp = nullptr;
  stack_position launch_position = nullptr;     ///< of launch(), where a failure goes
  stack_position scheduler_position = nullptr;  ///< of whoever starts and ends blocks
  std::vector<warp*> ready;
  std::vector<std::unique_ptr<cluster>> alive;
  std::vector<std::unique_ptr<cluster>> spare;  ///< finished ones, used again
  std::vector<fiber*> waiting;                  ///< in wait_on()
  std::vector<posted> operations;
  std::uint32_t operation_odds = 0;  ///< one yield in so many completes one; 0: when all wait
  std::vector<std::uint32_t> clusters_left;  ///< in the order they start
  std::uint32_t idle_polls = 0;              ///< polls since something last moved
  bool wants_cluster = false;                ///< a spinning thread asked for further blocks
  unsigned resident = 1;                     ///< clusters alive at once, unless threads spin
  int blamed_thread = -1;  ///< of a collective: counted from blamed_base; -1: the running one
  unsigned blamed_base = 0;
  /// Every second seed: the runnable warp of highest priority runs, so that warps get far ahead of
  /// one another; in the others warps take turns at random.
  bool by_priority = false;
  std::int64_t lowest_priority = 0;
  random_source random;
  launch_counts counts;
  std::string failure;   ///< begins with the kernel's name; empty while all is well
  std::string last_run;  ///< "kernel: seed 1" of the last launch, for what is found after it
  stack_pool stacks;
};

extern machine_state machine;

/// The running fiber; fails where no kernel runs.
fiber& running_fiber(const char* instruction);

/// Suspends the running fiber, which stands in no queue, until it is made runnable.
void suspend(const wait_reason& why);
/// Ends the running fiber. Nobody comes back.
void end_fiber();
/// Makes a fiber the running one, just before a switch to it.
void enter(fiber& next);
/// From the scheduler to any runnable fiber, until the scheduler is needed again.
void enter_any();
/// No thread runs: here() answers as outside of a kernel.
void leave_kernel();
void make_runnable(fiber& f);
void make_runnable(warp& w, std::uint32_t lanes);

/// Something changed that a spinning thread may be waiting for.
inline void note_progress() { machine.idle_polls = 0; }

/// Drops all fibers and returns to launch(), which reports the failure.
[[noreturn]] void abandon();
/// As fail(); takes the text's memory along, since nothing unwinds.
[[noreturn]] void fail_launch(const char* instruction, std::string&& text);
/// Who waits where, one line each.
std::string waiting_report();

// What a thread's end looks at.
void check_thread_end(fiber& f);
void check_barriers_without(const fiber& f);

// Memory of the running launch.
/// Set by whoever watches what store instructions do to a block's shared memory; may be null.
extern void (*on_shared_store)(thread_block& b, std::size_t offset, std::size_t bytes,
                               const char* instruction);
void reset_shared(thread_block& b, std::size_t bytes);
void check_red_zones();

// Races: every access is checked; a copy's bytes count as touched by nobody when they have landed.
void start_clock(warp& w, unsigned index, unsigned count);
/// What the warp's lanes did so far comes before what any of them does next.
void bring_together(warp& w);
void check_race(thread_block& owner, std::size_t offset, std::size_t bytes, access how,
                const char* instruction);
void forget_accesses(thread_block& owner, std::size_t offset, std::size_t bytes);

// Starting and ending blocks: the scheduler's fiber runs schedule().
void schedule();
/// Completes one posted operation, drawn by seed.
void complete_one_operation();
void complete_operation(std::size_t i);

}  // namespace qtl::inline v0::gpu::emulated
