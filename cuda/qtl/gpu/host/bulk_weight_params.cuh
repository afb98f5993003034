// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/bulk_weight_params.cuh - the params of gemm_weight_only_sm90: tensor maps of x and of the packed weight.
// Holds: has_bulk_layout, bulk_weight_maps, bulk_weight_params_of<K>.
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

/// The maps of a product, kept from run to run.
struct bulk_weight_maps {
  kept_tensor_map x, units, scales, zero_points;
  bool are_new = false;  ///< the last run has encoded one
};

namespace detail {

/// tile_m parameters of `rows` groups at a time.
inline tensor_shape parameter_boxes(const std::byte* data, const weight_layout& l, int bytes,
                                    int tile_m, int rows) {
  tensor_shape t;
  t.data = data;
  t.element_bytes = bytes;
  t.columns = l.padded_n();
  t.rows = l.groups;
  t.pitch = l.padded_n() * bytes;
  t.box_columns = tile_m;
  t.box_rows = rows;
  return t;
}

/// The units of a slab in every stripe of a tile.
template<class Stage>
tensor_shape unit_boxes(const std::byte* data, const weight_layout& l) {
  tensor_shape t;
  t.data = data;
  t.element_bytes = 8;
  t.columns = l.col_units() * weight_layout::unit_bytes / 8;
  t.rows = l.row_units();
  t.pitch = l.col_units() * weight_layout::unit_bytes;
  t.box_columns = static_cast<std::int32_t>(Stage::row_bytes / 8);
  t.box_rows = Stage::stripes;
  return t;
}

/// Fills in the maps of the weight.
template<class K>
status encode_weight(typename K::params& p, const weight_layout& l, bulk_weight_maps& kept) {
  using config = typename K::config;
  const auto keep = [&](const tensor_shape& t, kept_tensor_map& place, ptx::tensor_map& to) {
    const auto map = keep_tensor_map(t, place, kept.are_new);
    if (map.ok()) to = *map;
    return map.why();
  };
  if (const status s = keep(unit_boxes<typename K::stage>(p.w.codes, l), kept.units, p.units);
      !s.ok())
    return s;
  if constexpr (config::is_grouped) {
    const tensor_shape scales =
        parameter_boxes(p.w.scales, l, config::scale_bytes, config::tile_m, p.slab_groups);
    if (const status s = keep(scales, kept.scales, p.scales); !s.ok()) return s;
  }
  if constexpr (config::is_grouped && config::has_zero_points)
    return keep(parameter_boxes(p.w.zero_points, l, 1, config::tile_m, p.slab_groups),
                kept.zero_points, p.zero_points);
  return {};
}

}  // namespace detail

/// What kernel K takes for this product on a GPU of so many multiprocessors. Fails where
/// has_bulk_layout() does, and where TMA cannot read x.
template<class K>
result<typename K::params> bulk_weight_params_of(const byte_rows& x, const weight_layout& l,
                                                 const packed_weight& w,
                                                 const epilogue_params& epilogue,
                                                 int multiprocessors, bulk_weight_maps& kept) {
  using config = typename K::config;
  using stage = typename K::stage;
  if (!has_bulk_layout(l))
    return failure(error_code::unsupported, "w",
                   "an order of columns, or groups that do not divide a slab of 128 bytes of x");
  kept.are_new = false;
  const auto x_map = encode_slabs(x, stage::x_rows, kept.x, kept.are_new);
  if (!x_map.ok()) return x_map.why();
  typename K::params p;
  p.x = *x_map;
  p.w = w;
  if (l.is_grouped && l.group_steps < config::slab_steps && l.groups > 1)
    p.slab_groups = config::slab_steps / static_cast<std::int32_t>(l.group_steps);
  if (const status s = detail::encode_weight<K>(p, l, kept); !s.ok()) return s;
  p.row_bytes = x.bytes;
  p.expected_bytes = stage::expected(p.slab_groups);
  p.epilogue = epilogue;
  p.blocks = multiprocessors;
  return p;
}

}  // namespace qtl::inline v0::gpu
