// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/select.hpp - which tile sizes and how many splits of k a product is run with.
// Holds: arithmetic_unit, tile_sizes, product_shape, tile_choice, modelled_cycles, select_tiles. Plain C++: tested
// without a GPU. Every term of the model grows with m, and what is legal at m is legal below it: so
// does the least of all candidates, and one more token never costs a jump that was not to be paid.
#pragma once

#include <cstdint>
#include <span>

#include "qtl/backend/gpu/device_facts.hpp"
#include "qtl/base/math.hpp"

namespace qtl::inline v0::gpu {

/// What multiplies: the tensor cores' operand type.
enum class arithmetic_unit : std::uint8_t { f16, s8, s4, fp8, wgmma_8bit };

/// One compiled set of tile sizes, as a kernel's Config has them.
struct tile_sizes {
  short_name name;
  int tile_m = 0;  ///< tokens
  int tile_n = 0;  ///< output features
  int tile_k = 0;  ///< columns of a stage
  int warps_m = 1;
  int warps_n = 1;
  int stages = 2;
  int blocks_per_multiprocessor = 1;
  std::int64_t shared_bytes = 0;
  int most_splits = 1;               ///< 1: the kernel cannot split k
  int multiprocessors_per_tile = 1;  ///< blocks of a cluster, which share a tile
};

/// A product as the model sees it.
struct product_shape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  arithmetic_unit unit = arithmetic_unit::s8;
  int x_bits = 8;  ///< of an element
  int w_bits = 8;
  int y_bits = 16;
};

/// What a device does in a cycle. Sources: the vendor's tables of throughput per multiprocessor,
/// and measured bandwidths (docs/gpu.md); only ratios matter.
struct device_rates {
  double products = 2048;      ///< 8-bit multiply-adds of a multiprocessor
  double memory_bytes = 12.0;  ///< from device memory, for each multiprocessor
  double l2_bytes = 32.0;      ///< from the second cache, likewise
  double latency = 700.0;      ///< cycles until a load from device memory arrives
};

/// The rates of a compute capability.
constexpr device_rates rates_of(int capability) {
  switch (capability / 100) {
    case 9:
      return {2540, 13.0, 40.0, 800.0};  // mma.sync reaches 62 % of what wgmma does
    case 10:
      return {4096, 28.0, 40.0, 800.0};
    case 12:
      return {1024, 4.4, 32.0, 800.0};
    default:
      return capability >= 860 ? device_rates{1024, 2.4, 24.0, 700.0} : device_rates{};
  }
}

/// Multiply-adds of a multiprocessor in a cycle.
constexpr double unit_rate(arithmetic_unit unit, int capability) {
  const double products = rates_of(capability).products;
  switch (unit) {
    case arithmetic_unit::s8:
      return products;
    case arithmetic_unit::wgmma_8bit:
      return 4096.0;
    case arithmetic_unit::s4:  // native on 8.x only
      return capability < 900 ? 2.0 * products : 0.25 * products;
    case arithmetic_unit::fp8:  // native on 8.9 and 12.0 only, elsewhere made of f16
      return capability / 10 == 89 || capability / 100 == 12 ? products : 0.4 * products;
    case arithmetic_unit::f16:
      return 0.5 * products;
  }
  return products;
}

/// What is chosen: a candidate by its place in the list, and how many blocks share the k of a tile.
struct tile_choice {
  int index = -1;  ///< -1: no candidate is legal
  int splits = 1;
  double cycles = 0;
};

/// Tiles of an output.
constexpr std::int64_t tiles_of(const product_shape& p, const tile_sizes& t) {
  return ceil_div(p.m, std::int64_t{t.tile_m}) * ceil_div(p.n, std::int64_t{t.tile_n});
}

/// The largest bytes of partial sums that a split may ask for.
inline constexpr std::int64_t most_partial_bytes = std::int64_t{64} << 20;

/// Whether a candidate may run: its stages fit, every split has a slab, partial sums stay small.
/// Where it says no, it says no for every larger m.
constexpr bool is_legal(const product_shape& p, const tile_sizes& t, int splits,
                        const device_facts& d) {
  if (t.shared_bytes > d.shared_per_block) return false;
  if (splits == 1) return true;
  const std::int64_t slabs = ceil_div(p.k, std::int64_t{t.tile_k});
  const std::int64_t sums = std::int64_t{t.tile_m} * t.tile_n * 4 * splits;
  return splits <= t.most_splits && slabs >= 2 * splits &&
         tiles_of(p, t) <= most_partial_bytes / sums;
}

namespace cost {

/// Bytes of one stage.
constexpr double slab_bytes(const product_shape& p, const tile_sizes& t) {
  return (double(t.tile_m) * p.x_bits + double(t.tile_n) * p.w_bits) / 8.0 * t.tile_k;
}

/// Cycles in which a multiprocessor reads a stage's fragments out of shared memory.
constexpr double fragment_cycles(const product_shape& p, const tile_sizes& t) {
  const double bytes =
      (double(t.tile_m) * t.warps_n * p.x_bits + double(t.tile_n) * t.warps_m * p.w_bits) / 8.0 *
      t.tile_k;
  return bytes / 128.0;
}

/// Cycles in which all operands cross from device memory once.
constexpr double memory_cycles(const product_shape& p, const device_facts& d) {
  const double bytes =
      (double(p.n) * double(p.k) * p.w_bits + double(p.m) * double(p.k) * p.x_bits +
       double(p.m) * double(p.n) * p.y_bits) /
      8.0;
  return bytes / (rates_of(d.capability).memory_bytes * d.multiprocessors);
}

/// The larger of two.
constexpr double larger(double a, double b) { return a < b ? b : a; }

}  // namespace cost

/// The model: what bounds the product (arithmetic, shared memory, either cache, loads under way),
/// and what comes before and after.
constexpr double modelled_cycles(const product_shape& p, const tile_sizes& t, int splits,
                                 const device_facts& d) {
  const device_rates rates = rates_of(d.capability);
  const std::int64_t blocks = tiles_of(p, t) * splits;
  const std::int64_t places = d.multiprocessors / t.multiprocessors_per_tile;
  const double each =
      double(ceil_div(blocks, places > 1 ? places : 1)) / t.multiprocessors_per_tile;
  const double slabs =
      double(ceil_div(ceil_div(p.k, std::int64_t{t.tile_k}), std::int64_t{splits}));
  const double work = each * slabs;

  const double arithmetic = work * t.tile_m * t.tile_n * t.tile_k / unit_rate(p.unit, d.capability);
  const double fragments = work * cost::fragment_cycles(p, t);
  const double l2 = work * cost::slab_bytes(p, t) / rates.l2_bytes;
  const double turns = cost::larger(1.0, each / t.blocks_per_multiprocessor);
  const double waiting = turns * slabs * rates.latency / (t.stages - 1);
  double bound = cost::larger(cost::larger(arithmetic, fragments), cost::larger(l2, waiting));
  bound = cost::larger(bound, cost::memory_cycles(p, d));

  const double start = 2.0 * rates.latency;
  const double store = each * t.tile_m * t.tile_n * 4.0 / rates.l2_bytes;
  if (splits == 1) return start + bound + store;
  // The last block of a tile reads what all have written.
  const double tiles_each = double(ceil_div(tiles_of(p, t), std::int64_t{d.multiprocessors}));
  const double gather = tiles_each * t.tile_m * t.tile_n * 4.0 * splits / rates.l2_bytes;
  return start + bound + store + gather + 3.0 * rates.latency;
}

/// Numbers of splits that are tried.
inline constexpr int split_counts[] = {1, 2, 3, 4, 6, 8, 12, 16};

/// The legal candidate and split of the least modelled cost; of equals, the first.
constexpr tile_choice select_tiles(const product_shape& p, std::span<const tile_sizes> candidates,
                                   const device_facts& d) {
  tile_choice best;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    for (const int splits : split_counts) {
      if (!is_legal(p, candidates[i], splits, d)) continue;
      const double cycles = modelled_cycles(p, candidates[i], splits, d);
      if (best.index >= 0 && cycles >= best.cycles) continue;
      best = {static_cast<int>(i), splits, cycles};
    }
  return best;
}

/// "m64n128k64, 3 splits".
constexpr fixed_text<64> variant_text(const tile_sizes& t, int splits) {
  fixed_text<64> text(t.name.view());
  if (splits > 1) text.append(", ").append(splits).append(" splits");
  return text;
}

}  // namespace qtl::inline v0::gpu
