// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/bulk_weight_params.cuh - the params of gemm_weight_only_sm90: tensor maps of x and of the packed weight.
// Holds: has_bulk_layout, bulk_weight_params_of<K>.
#pragma once

#include "qtl/gpu/host/bulk_params.cuh"
#include "qtl/gpu/kernel/gemm_weight_only_sm90.cuh"

namespace qtl::inline v0::gpu {

/// Whether the kernel reads this layout: columns as they are, and groups of at least 32 columns
/// that divide a slab or, for 16-bit activations, are made of slabs.
constexpr bool has_bulk_layout(const weight_layout& l) {
  const std::int64_t slab_steps = slab_bytes / 32;
  if (l.has_column_order || l.k == 0) return false;
  if (!l.is_grouped || l.groups == 1) return true;
  if (l.group_steps * l.step_cols % 32 != 0) return false;
  return slab_steps % l.group_steps == 0 || (l.step_cols == 16 && l.group_steps % slab_steps == 0);
}

namespace detail {

/// Boxes of tile_m parameters of `rows` groups.
inline result<ptx::tensor_map> encode_parameters(const std::byte* data, const weight_layout& l,
                                                 int bytes, int tile_m, int rows) {
  tensor_shape t;
  t.data = data;
  t.element_bytes = bytes;
  t.columns = l.padded_n();
  t.rows = l.groups;
  t.pitch = l.padded_n() * bytes;
  t.box_columns = tile_m;
  t.box_rows = rows;
  return encode_tensor_map(t);
}

/// Boxes of the units of a slab in every stripe of a tile.
template<class Stage>
result<ptx::tensor_map> encode_units(const std::byte* data, const weight_layout& l) {
  tensor_shape t;
  t.data = data;
  t.element_bytes = 8;
  t.columns = l.col_units() * weight_layout::unit_bytes / 8;
  t.rows = l.row_units();
  t.pitch = l.col_units() * weight_layout::unit_bytes;
  t.box_columns = static_cast<std::int32_t>(Stage::row_bytes / 8);
  t.box_rows = Stage::stripes;
  return encode_tensor_map(t);
}

}  // namespace detail

/// What kernel K takes for this product on a GPU of so many multiprocessors. Fails where
/// has_bulk_layout() does, and where TMA cannot read x.
template<class K>
result<typename K::params> bulk_weight_params_of(const byte_rows& x, const weight_layout& l,
                                                 const packed_weight& w,
                                                 const epilogue_params& epilogue,
                                                 int multiprocessors) {
  using config = typename K::config;
  using stage = typename K::stage;
  if (!has_bulk_layout(l))
    return failure(error_code::unsupported, "w",
                   "an order of columns, or groups that do not divide a slab of 128 bytes of x");
  typename K::params p;
  const auto x_map = encode_slabs(x, stage::x_rows);
  if (!x_map.ok()) return x_map.why();
  const auto units = detail::encode_units<stage>(w.codes, l);
  if (!units.ok()) return units.why();
  p.x = *x_map;
  p.units = *units;
  if (l.is_grouped && l.group_steps < config::slab_steps && l.groups > 1)
    p.slab_groups = config::slab_steps / static_cast<std::int32_t>(l.group_steps);
  if constexpr (config::is_grouped) {
    const auto scales =
        detail::encode_parameters(w.scales, l, config::scale_bytes, config::tile_m, p.slab_groups);
    if (!scales.ok()) return scales.why();
    p.scales = *scales;
  }
  if constexpr (config::is_grouped && config::has_zero_points) {
    const auto zeros =
        detail::encode_parameters(w.zero_points, l, 1, config::tile_m, p.slab_groups);
    if (!zeros.ok()) return zeros.why();
    p.zero_points = *zeros;
  }
  p.w = w;
  p.row_bytes = x.bytes;
  p.expected_bytes = stage::expected(p.slab_groups);
  p.epilogue = epilogue;
  p.blocks = multiprocessors;
  return p;
}

}  // namespace qtl::inline v0::gpu
