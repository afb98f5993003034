// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/warp_specialized_product.cuh - the body that Hopper's products share.
// Holds: bulk_product_params, group_shape<Config>, warp_specialized_product<Config, Sums, Params, Finish, Stage>.
// Blocks stay and walk over the tiles. One warp of each lets the copy engine fill a ring of stages,
// also for the next tile while this one is finished; the other warpgroups multiply by wgmma and
// finish what they own. Blocks of a cluster work on tiles below one another: each loads a part of
// the weights for all.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/row_finish.cuh"
#include "qtl/gpu/kernel/box_stage.cuh"
#include "qtl/gpu/kernel/warp_specialized_tilings.cuh"
#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cluster.cuh"
#include "qtl/gpu/ptx/elect.cuh"
#include "qtl/gpu/ptx/setmaxnreg.cuh"
#include "qtl/gpu/scheduler/group_split.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"
#include "qtl/gpu/tile/bulk_ring.cuh"
#include "qtl/gpu/tile/warpgroup_sums.cuh"

namespace qtl::inline v0::gpu {

/// A product whose operands the copy engine reads; host/bulk_params.cuh fills it in.
struct bulk_product_params {
  ptx::tensor_map x;  ///< m rows in boxes of Stage::x_rows
  ptx::tensor_map w;  ///< n rows in boxes of Stage::w_rows
  std::int64_t row_bytes = 0;
  epilogue_params epilogue;
  bulk_output output;
  split_k split;
  std::int32_t blocks = 1;  ///< most that may run at once: the GPU's multiprocessors
};

/// What each of a tile's warpgroups owns.
template<WarpSpecializedTiling Config>
struct group_shape {
  static constexpr int rows = Config::tile_m / Config::groups_m;
  static constexpr int blocks = rows / 64;
  static constexpr int columns = Config::tile_n / Config::groups_n;
};

/// Threads 0 to 127 are the producer's, of which one lane works; the others are warpgroups that
/// multiply and keep Sums: running_group_sums, or what has its members. Finish turns a tile's sums
/// into outputs: row_finish, or what has its members. Stage fills the ring: box_stage likewise.
template<WarpSpecializedTiling Config, class Sums, class Params = bulk_product_params,
         class Finish = row_finish<Sums>, class Stage = box_stage<Config, Finish::transposed>>
struct warp_specialized_product {
  using params = Params;
  using config = Config;
  using finish = Finish;
  using stage = Stage;
  /// Whether weights are wgmma's left operand: tile_m then counts output features, tile_n tokens.
  static constexpr bool transposed = Finish::transposed;
  static constexpr int groups = Config::groups_m * Config::groups_n;  ///< of a team
  static constexpr int all_groups = Config::teams * groups;
  static constexpr int group_rows = group_shape<Config>::rows;
  static constexpr int group_columns = group_shape<Config>::columns;
  static constexpr unsigned cluster_blocks = Config::cluster_blocks;

  using ring_type = bulk_ring<Config::stages, Stage::bytes>;
  using accumulator = typename Sums::accumulator;
  static_assert(Sums::blocks * 64 == group_rows && Sums::columns == group_columns);

  static constexpr int threads = 128 * (1 + all_groups);
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_90a;
  static constexpr gpu_target only_target = gpu_target::sm_90a;
  static constexpr std::uint32_t shared_bytes =
      ring_type::shared_bytes + all_groups * Finish::shared_bytes;
  static_assert(shared_bytes <= shared_limit(gpu_target::sm_90a),
                "fewer stages or a smaller tile: a block has 227 KB of shared memory");

  /// Sums that fill the registers cannot also be reduced: their tiles are for products that have
  /// enough of them, and a split in their params is not heeded.
  static constexpr int most_splits = group_rows / 64 * group_columns / 2 <= 64 ? 16 : 1;

  /// The tiles of an m x n output. Those of a cluster, which lie below one another, count as one.
  QTL_HOST_DEVICE static constexpr tile_order order(std::int64_t m, std::int64_t n) {
    return order_tiles(transposed ? n : m, transposed ? m : n,
                       Config::tile_m * static_cast<int>(cluster_blocks), Config::tile_n);
  }
  QTL_HOST_DEVICE static constexpr int splits_of(const params& p) {
    return most_splits > 1 ? p.split.splits : 1;
  }
  static dim grid(const params& p) {
    const std::int64_t clusters = p.blocks / static_cast<int>(cluster_blocks);
    const std::int64_t items = order(p.epilogue.m, p.epilogue.n).tiles() * splits_of(p);
    const std::int64_t used = items < clusters || clusters == 0 ? items : clusters;
    return {static_cast<unsigned>(used) * cluster_blocks, 1, 1};
  }
  /// Bytes of counters and partial sums for split-K; 0 for one split. A plan zeroes the counters
  /// once, and takes split_k_in(workspace, counters(m, n), splits).
  static std::int64_t counters(std::int64_t m, std::int64_t n) {
    return order(m, n).tiles() * cluster_blocks * groups;
  }
  static std::int64_t workspace_bytes(std::int64_t m, std::int64_t n, int splits) {
    return split_k_counter_bytes(counters(m, n), splits) +
           split_k_partial_bytes(counters(m, n), splits, group_rows * group_columns);
  }

  QTL_DEVICE static void run(const params& p) {
    const ring_type ring{ptx::shared_base()};
    if (ptx::thread_index() == 0) ring.prepare(4 * groups * cluster_blocks);
    meet();
    const unsigned role = ptx::warp_index() / 4;
    if (role == 0) {
      if constexpr (all_groups > 1) ptx::give_registers<40>();
      if (ptx::warp_index() == 0 && ptx::elect_one()) produce(p, ring);
    } else {
      if constexpr (all_groups > 1) ptx::take_registers<232>();
      consume(p, ring, role - 1);
    }
    // Nobody may leave while another block's copies or arrivals still come here.
    ptx::warp_barrier();
    if constexpr (cluster_blocks > 1) ptx::cluster_barrier();
  }

 private:
  using position = typename ring_type::position;

  QTL_DEVICE static void meet() {
    if constexpr (cluster_blocks > 1)
      ptx::cluster_barrier();
    else
      ptx::block_barrier();
  }

  /// Calls f for every item of this block, as many as in every other block of the cluster: some
  /// tiles lie below the output, and only help with the weights.
  template<class F>
  QTL_DEVICE static void for_each_item(const params& p, const F& f) {
    const tile_order tiles = order(p.epilogue.m, p.epilogue.n);
    const int splits = splits_of(p);
    const std::int64_t slabs = ceil_div<std::int64_t>(p.row_bytes, slab_bytes);
    const std::int64_t step = ptx::grid_extent_x() / cluster_blocks;
    std::int64_t i = ptx::block_index_x() / cluster_blocks;
    for (; i < tiles.tiles() * splits; i += step) {
      const std::int64_t tile = i / splits;
      const int split = static_cast<int>(i % splits);
      const tile_place place = tiles.at(tile);
      f(work_item{tile * cluster_blocks + rank(),
                  (place.m * cluster_blocks + rank()) * Config::tile_m, place.n * Config::tile_n,
                  split, split_slabs(slabs, split, splits)});
    }
  }

  QTL_DEVICE static std::uint32_t rank() {
    if constexpr (cluster_blocks > 1)
      return ptx::cluster_rank();
    else
      return 0;
  }

  QTL_DEVICE static void produce(const params& p, const ring_type& ring) {
    position at;
    for_each_item(p, [&](const work_item& item) {
      for (std::int64_t slab = item.slabs.first; slab < item.slabs.last; ++slab) {
        ring.begin_fill(at, Stage::expected(p));
        Stage::load(p, ring.stage(at), ring.full(at), item, slab);
        at.advance();
      }
    });
    drain(ring, at);
  }

  /// Waits until the last stages are released, so that no arrival comes to a block that has ended.
  QTL_DEVICE static void drain(const ring_type& ring, position at) {
    for (int i = 0; i < Config::stages; ++i) {
      ptx::mbarrier_wait(ring.empty(at), at.parity ^ 1u);
      at.advance();
    }
  }

  /// Whose turn an item is. A team begins to read stages when the team before it has read all of
  /// its own: waiting for a parity tells two phases apart, not three.
  struct team_turns {
    unsigned team;
    unsigned next = 0;

    QTL_DEVICE explicit team_turns(unsigned mine) : team(mine) {
      if constexpr (Config::teams > 1)
        if (team == Config::teams - 1) ptx::named_barrier_arrive(barrier_of(0), 256 * groups);
    }
    /// Whether the next item is this team's; then it has waited for its turn.
    QTL_DEVICE bool begin() {
      if constexpr (Config::teams == 1) return true;
      const bool is_mine = next == team;
      next = next + 1 == Config::teams ? 0 : next + 1;
      if (is_mine) ptx::named_barrier(barrier_of(team), 256 * groups);
      return is_mine;
    }
    QTL_DEVICE void pass_on() const {
      if constexpr (Config::teams > 1) ptx::named_barrier_arrive(barrier_of(next), 256 * groups);
    }
    /// Takes the arrival that nobody waits for any more.
    QTL_DEVICE void end() const {
      if constexpr (Config::teams > 1)
        if (next == team) ptx::named_barrier(barrier_of(team), 256 * groups);
    }
    /// Beside block_barrier's and those of reduce_group_split.
    QTL_DEVICE static unsigned barrier_of(unsigned which) { return 1 + all_groups + which; }
  };

  QTL_DEVICE static void consume(const params& p, const ring_type& ring, unsigned group) {
    const unsigned team = group / groups;
    const std::uint32_t first_row = group % groups / Config::groups_n * group_rows;
    const std::uint32_t first_column = group % Config::groups_n * group_columns;
    const auto mine = Stage::operands(first_row, first_column);
    position at;
    Sums sums;
    Finish outputs(p, ring.base + ring_type::shared_bytes + group * Finish::shared_bytes);
    team_turns turns(team);
    for_each_item(p, [&](const work_item& item) {
      if (!turns.begin()) return at.skip(item.slabs.count());
      sums.begin(p, item.row + first_row, item.column + first_column);
      add_slabs(item.slabs, ring, at, sums, mine, turns);
      if (is_reduced(p, item, group, ring.spare(group), sums))
        outputs.finish(p, sums, item.row + first_row, item.column + first_column);
    });
    turns.end();
    outputs.end();
  }

  /// Whether this warpgroup has the whole sums of its part of the tile.
  QTL_DEVICE static bool is_reduced(const params& p, const work_item& item, unsigned group,
                                    std::uint32_t scratch, Sums& sums) {
    if constexpr (most_splits == 1) {
      return true;
    } else {
      const group_split part{p.split, item.tile * groups + group % groups, 1 + group, scratch};
      return reduce_group_split(part, item.split, sums.values);
    }
  }

  /// `mine`: where this warpgroup's operands lie in a stage.
  template<class Operands>
  QTL_DEVICE static void add_slabs(const slab_range& range, const ring_type& ring, position& at,
                                   Sums& sums, const Operands& mine, const team_turns& turns) {
    position added = at;  // the next stage to be given back
    for (std::int64_t slab = range.first; slab < range.last; ++slab) {
      ring.wait_full(at);
      sums.add(mine.of(ring.stage(at)), slab);
      at.advance();
      if (slab - range.first < Sums::lag) continue;
      ring.template release<cluster_blocks>(added);
      added.advance();
    }
    turns.pass_on();  // every stage of the item is there: the next team may wait for its own
    sums.finish();
    if (Sums::lag == 1 && range.count() > 0) ring.template release<cluster_blocks>(added);
  }
};

}  // namespace qtl::inline v0::gpu
