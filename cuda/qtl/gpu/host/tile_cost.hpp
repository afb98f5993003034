// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/tile_cost.hpp - what a product costs under given tile sizes, in modelled cycles.
// Holds: tile_sizes, finish_overlap, product_shape, wave_count, tile_cost, modelled_cost. Plain C++.
//
// Tiles are computed in waves: as many at a time as the device has places for. A full wave, and the
// last one with what is left, take as long as the slowest of what they need: tensor cores, shared
// memory, L2 and its ports, loads under way. All of them together take at least as long as device
// memory needs for what L2 does not keep from wave to wave. What comes before, between and after is
// added. Every term grows with m, so one more token never makes a candidate cheaper.
#pragma once

#include <cstdint>

#include "qtl/base/math.hpp"
#include "qtl/gpu/host/device_rates.hpp"
#include "qtl/gpu/scheduler/tile_order.cuh"

namespace qtl::inline v0::gpu {

/// What goes on while a block finishes the outputs of a tile.
enum class finish_overlap : std::uint8_t {
  nothing,   ///< of its own: blocks end, and new ones begin with an empty pipeline
  loads,     ///< blocks stay: the next tile's operands come in
  products,  ///< and other warps multiply the next tile
};

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
  int multiprocessors_per_tile = 1;  ///< blocks of a cluster, which share tile_m and the weights
  finish_overlap overlap = finish_overlap::nothing;
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

/// Tiles of an output.
constexpr std::int64_t tiles_of(const product_shape& p, const tile_sizes& t) {
  return ceil_div(p.m, std::int64_t{t.tile_m}) * ceil_div(p.n, std::int64_t{t.tile_n});
}

/// How items (a tile, or a split of one) are dealt out to a device.
struct wave_count {
  std::int64_t places = 1;  ///< items that are worked on at a time
  std::int64_t full = 0;    ///< waves that fill all places
  std::int64_t tail = 0;    ///< items of the last wave, where it does not

  constexpr std::int64_t waves() const { return full + (tail > 0 ? 1 : 0); }
  /// Of all places in all waves, those that have an item.
  constexpr double filled() const {
    return waves() == 0 ? 1.0 : double(full * places + tail) / double(waves() * places);
  }
};

/// The waves of a candidate.
constexpr wave_count waves_of(const product_shape& p, const tile_sizes& t, int splits,
                              const device_facts& d) {
  const std::int64_t clusters = d.multiprocessors / t.multiprocessors_per_tile;
  wave_count w;
  w.places = (clusters > 1 ? clusters : 1) * t.blocks_per_multiprocessor;
  const std::int64_t items = tiles_of(p, t) * splits;
  w.full = items / w.places;
  w.tail = items % w.places;
  return w;
}

/// A candidate's cycles, and what they are made of. Each of the first five is what the product
/// would take if that alone were slow; they overlap, `total` is not their sum.
struct tile_cost {
  wave_count waves;
  double tensor = 0;   ///< arithmetic
  double shared = 0;   ///< operands out of shared memory
  double l2 = 0;       ///< operands out of L2, in waves that share it
  double waiting = 0;  ///< for loads under way: too few stages
  double memory = 0;   ///< operands and outputs across device memory
  double finish = 0;   ///< outputs, as far as nothing goes on meanwhile
  double gather = 0;   ///< adding up splits
  double start = 0;    ///< launch, and the first loads
  double busy = 0;     ///< all but what only device memory makes longer
  double total = 0;
  double l2_bytes = 0;      ///< operands that blocks read, wherever from
  double memory_bytes = 0;  ///< operands that L2 does not have, and outputs
};

namespace cost {

/// The larger of two.
constexpr double larger(double a, double b) { return a < b ? b : a; }

/// Bytes of so many elements.
constexpr double bytes_of(double elements, int bits) { return elements * bits / 8.0; }

/// What one item needs: of its cluster, or (tensor, shared, port, waiting) of one multiprocessor.
struct item_needs {
  double tensor, shared, port, waiting;  ///< cycles
  double bytes;                          ///< operands, read once for a cluster
};

/// The needs of an item of this split.
constexpr item_needs needs_of(const product_shape& p, const tile_sizes& t, int splits,
                              const device_rates& rates, double products_a_cycle) {
  const double slabs =
      double(ceil_div(ceil_div(p.k, std::int64_t{t.tile_k}), std::int64_t{splits}));
  const double rows = double(t.tile_m) / t.multiprocessors_per_tile;
  const double x = bytes_of(rows * t.tile_k, p.x_bits);  // of one multiprocessor and slab
  const double w = bytes_of(double(t.tile_n) * t.tile_k, p.w_bits);
  return {slabs * rows * t.tile_n * t.tile_k / products_a_cycle,
          slabs * (x * t.warps_n + w * t.warps_m) / bank_bytes, slabs * (x + w) / port_bytes,
          slabs * rates.latency / (t.stages > 1 ? t.stages - 1 : 1),
          slabs * (x * t.multiprocessors_per_tile + w)};
}

/// Bytes across device memory under the kernels' order of tiles: down a band of a few rows of
/// tiles, then to the right. A wave reads what it needs once. Weights come again with every band
/// unless L2 keeps them all, tokens with every wave of their band unless L2 keeps the band's.
constexpr double memory_bytes(const product_shape& p, const tile_sizes& t, std::int64_t places,
                              const device_facts& d) {
  const tile_order order = order_tiles(p.m, p.n, t.tile_m, t.tile_n);
  const double kept = kept_share * double(d.l2_bytes);
  const double w = bytes_of(double(p.n) * double(p.k), p.w_bits);
  const double w_reads = w <= kept ? 1.0 : double(ceil_div(order.tiles_m, order.super_rows));
  const std::int64_t height = order.tiles_m < order.super_rows ? order.tiles_m : order.super_rows;
  const std::int64_t band_rows = p.m < height * t.tile_m ? p.m : height * t.tile_m;
  const double band = bytes_of(double(band_rows) * double(p.k), p.x_bits);
  const double x_reads = band <= kept ? 1.0 : double(ceil_div(height * order.tiles_n, places));
  return w * w_reads + bytes_of(double(p.m) * double(p.k), p.x_bits) * x_reads +
         bytes_of(double(p.m) * double(p.n), p.y_bits);
}

/// Cycles in which one block turns its sums into outputs.
constexpr double finish_cycles(const tile_sizes& t, int output_bits) {
  const double outputs = double(t.tile_m) / t.multiprocessors_per_tile * t.tile_n;
  return larger(bytes_of(outputs, output_bits) / port_bytes,
                outputs * finish_operations / scalar_operations);
}

/// Adds a wave of so many items, `blocks` of them on the busiest multiprocessor, `times` times.
constexpr void add_waves(tile_cost& c, double times, double blocks, double items,
                         const item_needs& one, const tile_sizes& t, double finish, double l2_rate,
                         double latency) {
  const double l2 = larger(items * one.bytes / l2_rate, blocks * one.port);
  double slowest =
      larger(larger(blocks * one.tensor, blocks * one.shared), larger(l2, one.waiting));
  c.tensor += times * blocks * one.tensor;
  c.shared += times * blocks * one.shared;
  c.l2 += times * l2;
  c.waiting += times * one.waiting;
  c.l2_bytes += times * items * one.bytes;
  if (t.overlap == finish_overlap::products) {
    slowest = larger(slowest, blocks * finish);
  } else {
    // Blocks that share a multiprocessor finish under one another's products.
    c.finish += times * finish;
    slowest += finish;
  }
  if (t.overlap == finish_overlap::nothing) {
    c.start += times * latency;
    slowest += latency;
  }
  c.total += times * slowest;
}

}  // namespace cost

/// The model's account of a candidate.
constexpr tile_cost modelled_cost(const product_shape& p, const tile_sizes& t, int splits,
                                  const device_facts& d) {
  const device_rates rates = rates_of(d.capability);
  const double units = d.multiprocessors > 0 ? d.multiprocessors : 1;
  const cost::item_needs one = cost::needs_of(p, t, splits, rates, unit_rate(p.unit, d.capability));
  tile_cost c;
  c.waves = waves_of(p, t, splits, d);

  // A split puts its sums down in f32 instead.
  const double finish = cost::finish_cycles(t, splits > 1 ? 32 : p.y_bits);
  const auto add = [&](std::int64_t times, std::int64_t items) {
    const std::int64_t blocks = ceil_div(items * t.blocks_per_multiprocessor, c.waves.places);
    if (times > 0 && items > 0)
      cost::add_waves(c, double(times), double(blocks), double(items), one, t, finish,
                      rates.l2_bytes * units, rates.latency);
  };
  add(c.waves.full, c.waves.places);
  add(1, c.waves.tail);
  // Everybody's first loads are part of the launch: device memory cannot hide them.
  if (t.overlap == finish_overlap::nothing && c.waves.waves() > 0) {
    c.start -= rates.latency;
    c.total -= rates.latency;
  }
  if (t.overlap == finish_overlap::products) {  // the last tile's outputs
    c.finish += finish;
    c.total += finish;
  }

  if (c.waves.waves() > 0) c.memory_bytes = cost::memory_bytes(p, t, c.waves.places, d);
  c.memory = c.memory_bytes / (rates.memory_bytes * units);
  c.busy = c.total;
  c.total = cost::larger(c.total, c.memory);

  const double launch = launch_microseconds * rates.cycles_a_microsecond + rates.latency;
  c.start += launch;
  if (splits > 1) {
    // The last block of a tile reads what all have put down, and finishes.
    const double each = double(ceil_div(tiles_of(p, t), c.waves.places));
    const double sums = double(t.tile_m) / t.multiprocessors_per_tile * t.tile_n * 4.0 * splits;
    c.gather = each * (sums / port_bytes + cost::finish_cycles(t, p.y_bits)) + 3.0 * rates.latency +
               zeroing_microseconds * rates.cycles_a_microsecond;
  }
  c.busy += launch + c.gather;
  c.total += launch + c.gather;
  return c;
}

/// Its sum.
constexpr double modelled_cycles(const product_shape& p, const tile_sizes& t, int splits,
                                 const device_facts& d) {
  return modelled_cost(p, t, splits, d).total;
}

/// What a candidate spends most of its time on.
constexpr const char* bound_of(const tile_cost& c) {
  const double most = cost::larger(cost::larger(cost::larger(c.tensor, c.shared), c.l2),
                                   cost::larger(c.waiting, c.memory));
  if (c.start > most) return "launch";
  if (c.finish + c.gather > most) return "outputs";
  if (most == c.tensor) return "tensor cores";
  if (most == c.memory) return "device memory";
  if (most == c.l2) return "L2";
  return most == c.shared ? "shared memory" : "loads under way";
}

}  // namespace qtl::inline v0::gpu
