// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/bulk_params.cuh - the params of a warp-specialized product: tensor maps of both operands.
// Holds: bulk_maps, bulk_params<K>. Encoding costs about a microsecond for each map: a plan keeps them and encodes again
// only where a pointer or an extent has changed.
#pragma once

#include <cstdint>

#include "qtl/gpu/host/tensor_map.cuh"
#include "qtl/gpu/kernel/warp_specialized_product.cuh"

namespace qtl::inline v0::gpu {

/// The maps of a product, kept from run to run.
struct bulk_maps {
  kept_tensor_map x;
  kept_tensor_map w;
  bool are_new = false;  ///< the last run has encoded one
};

/// The map of rows of bytes in boxes of one slab.
inline result<ptx::tensor_map> encode_slabs(const byte_rows& from, int box_rows,
                                            kept_tensor_map& kept, bool& is_new) {
  tensor_shape t;
  t.data = from.data;
  t.columns = from.bytes;
  t.rows = from.rows;
  t.pitch = from.stride;
  t.box_columns = static_cast<std::int32_t>(slab_bytes);
  t.box_rows = box_rows;
  t.swizzle = ptx::shared_swizzle::bytes_128;
  return keep_tensor_map(t, kept, is_new);
}

/// What kernel K takes for this product on a GPU of so many multiprocessors. Fails where TMA cannot
/// read an operand: rows that begin at other than multiples of 16 bytes, or have no elements.
template<class K>
result<typename K::params> bulk_params(const byte_rows& x, const byte_rows& w,
                                       const epilogue_params& epilogue, int multiprocessors,
                                       bulk_maps& kept) {
  if (x.bytes != w.bytes) return mismatch("w", "bytes of a row", 1, x.bytes, w.bytes);
  kept.are_new = false;
  const auto x_map = encode_slabs(x, K::config::tile_m, kept.x, kept.are_new);
  if (!x_map.ok()) return x_map.why();
  const auto w_map = encode_slabs(w, K::w_rows, kept.w, kept.are_new);
  if (!w_map.ok()) return w_map.why();
  typename K::params p;
  p.x = *x_map;
  p.w = *w_map;
  p.row_bytes = x.bytes;
  p.epilogue = epilogue;
  p.blocks = multiprocessors;
  return p;
}

/// The same for one run.
template<class K>
result<typename K::params> bulk_params(const byte_rows& x, const byte_rows& w,
                                       const epilogue_params& epilogue, int multiprocessors) {
  bulk_maps maps;
  return bulk_params<K>(x, w, epilogue, multiprocessors, maps);
}

}  // namespace qtl::inline v0::gpu
