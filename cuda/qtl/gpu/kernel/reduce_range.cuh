// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/reduce_range.cuh - the parameters that all of a matrix shares, from its range.
// Holds: range_workspace, range_reduction (the Config), reduce_range. The first launch of a dynamic per-tensor or
// two-level quantization; quantize_rows, the second, reads the result from memory.
// Dynamic policies (activations) look at the tokens that are finite and leave out the others, as
// nn/activations.hpp does. Static ones look at everything: one NaN or Inf makes the scale NaN.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/kernel/quantize_rows.cuh"
#include "qtl/gpu/ptx/atomic.cuh"

namespace qtl::inline v0::gpu {

/// A scan of a part of the matrix, in memory.
template<QuantPolicy P>
struct alignas(16) range_part {
  scan_for<P> seen;
  unsigned char rest[16 - sizeof(scan_for<P>)] = {};
};

/// What the blocks of a launch share. The counter is 0 before the first launch and again after
/// each.
template<QuantPolicy P>
struct range_workspace {
  static constexpr unsigned most_parts = 512;

  range_part<P> parts[most_parts];
  qparams<P> params;  ///< the result: scale and zero point, or the tensor's scale of two levels
  std::uint32_t counter;
};

/// The Config of reduce_range.
template<QuantPolicy Policy, RowSource Source, class Team>
struct range_reduction {
  using policy = Policy;
  using source = Source;
  using team = Team;
};

/// What the kernel is given.
template<QuantPolicy Policy, RowSource Source>
struct reduce_range_params {
  typename Source::params x;
  std::int64_t m = 0;
  std::int64_t k = 0;
  range_workspace<Policy>* workspace = nullptr;
};

/// The kernel. Blocks scan rows and write one part each; the block that is last merges the parts.
template<class Config>
struct reduce_range {
  using policy = typename Config::policy;
  using source = typename Config::source;
  using team = typename Config::team;
  static_assert(!source::needs_squares, "a source whose rows are scanned once");
  static_assert(is_per_tensor<policy> || policy::scale::two_levels,
                "a policy whose blocks share a scale of the whole tensor");

  static constexpr short_name name = "reduce_range";
  static constexpr int threads = team::threads * team::rows;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  // The rows' reduction, and the block's with a word that says whether it is the last.
  static constexpr std::uint32_t shared_bytes =
      reduce_bytes<team::threads> + reduce_bytes<threads> + 16;

  using params = reduce_range_params<policy, source>;

  // At least one block, which gives a matrix without rows its scale.
  static dim grid(const params& p) {
    const std::int64_t blocks = ceil_div<std::int64_t>(p.m, team::rows);
    constexpr std::int64_t most = range_workspace<policy>::most_parts;
    return {static_cast<unsigned>(blocks > most ? most : blocks > 0 ? blocks : 1), 1, 1};
  }

  QTL_DEVICE static void run(const params& p) {
    const scan mine = scan_rows(p);
    const scan block = reduce_block(mine);
    if (!is_last_block(p, block)) return;
    scan all;
    for (unsigned part = ptx::thread_index(); part < ptx::grid_extent_x(); part += threads)
      all.merge(ptx::load_global(&p.workspace->parts[part]).seen);
    all = reduce_block(all);
    if (ptx::thread_index() != 0) return;
    ptx::store_global(&p.workspace->params, params_of(all));
    ptx::store_global(&p.workspace->counter, 0u);
  }

 private:
  using scan = scan_for<policy>;

  // Only the first thread of each team has what its rows hold.
  QTL_DEVICE static scan scan_rows(const params& p) {
    const unsigned lane = ptx::thread_index() % team::threads;
    const std::int64_t step = std::int64_t{ptx::grid_extent_x()} * team::rows;
    scan seen;
    for (std::int64_t row =
             std::int64_t{ptx::block_index_x()} * team::rows + ptx::thread_index() / team::threads;
         row < p.m; row += step) {
      const scan one = team_reduce<team::threads>(scan_row(p, row), ptx::shared_base());
      if (lane == 0 && (!policy::is_dynamic || one.all_finite())) seen.merge(one);
      if constexpr (team::rows == 1) ptx::block_barrier();  // before the next row's reduction
    }
    return seen;
  }

  QTL_DEVICE static scan scan_row(const params& p, std::int64_t row) {
    const source from(p.x, row, p.k);
    scan seen;
    constexpr std::int64_t step = std::int64_t{team::threads} * chunk_size;
    const std::int64_t begin = ptx::thread_index() % team::threads * chunk_size;
    for (std::int64_t first = begin; first < p.k; first += team::kept * step) {
      typename source::chunk chunks[team::kept];
      unrolled<team::kept>([&](auto v) { from.load(chunks[v], first + v * step); });
      unrolled<team::kept>([&](auto v) {
        float x[chunk_size];
        from.values(chunks[v], first + v * step, x);
        const int count = chunk_count(first + v * step, p.k);
        unrolled<chunk_size>([&](auto e) {
          if (e < count) seen.add(x[e]);
        });
      });
    }
    return seen;
  }

  QTL_DEVICE static scan reduce_block(const scan& mine) {
    ptx::block_barrier();  // the area's earlier readers are done
    return team_reduce<threads>(mine, ptx::shared_base() + reduce_bytes<team::threads>);
  }

  // Writes the block's part; true in all threads of the block that finds all parts written.
  QTL_DEVICE static bool is_last_block(const params& p, const scan& block) {
    const std::uint32_t flag =
        ptx::shared_base() + reduce_bytes<team::threads> + reduce_bytes<threads>;
    if (ptx::thread_index() == 0) {
      ptx::store_global(&p.workspace->parts[ptx::block_index_x()], range_part<policy>{block});
      const std::uint32_t before = ptx::add_global(&p.workspace->counter, 1u);
      ptx::store_shared<std::uint32_t>(flag, before + 1 == ptx::grid_extent_x() ? 1u : 0u);
    }
    ptx::block_barrier();
    return ptx::load_shared<std::uint32_t>(flag) != 0;
  }

  QTL_DEVICE static qparams<policy> params_of(const scan& seen) {
    if (!seen.all_finite()) return {quiet_nan, {}};
    const float tensor_scale = choose_tensor_scale<policy>(seen.range());
    if constexpr (policy::scale::two_levels)
      return {tensor_scale, {}};
    else
      return choose_stored<policy>(seen.range(), tensor_scale).decoded(tensor_scale);
  }
};

}  // namespace qtl::inline v0::gpu
