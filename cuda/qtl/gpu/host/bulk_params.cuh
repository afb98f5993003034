// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/bulk_params.cuh - the params of a warp-specialized product: tensor maps of operands and output.
// Holds: bulk_maps, encode_slabs, copy_engine_writes, output_boxes, bulk_output_of<K>, bulk_params<K>. Maps are
// the driver's to encode: a plan keeps them, and asks again only where a pointer or an extent has
// changed.
#pragma once

#include <cstdint>

#include "qtl/gpu/host/tensor_map.cuh"
#include "qtl/gpu/kernel/warp_specialized_product.cuh"

namespace qtl::inline v0::gpu {

/// The maps of a product, kept from run to run.
struct bulk_maps {
  kept_tensor_map x;
  kept_tensor_map w;
  kept_tensor_map y;
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

/// Whether the copy engine can write an output: there is one, its columns lie side by side, and
/// rows begin at multiples of 16 bytes. Others are stored by the warps that finish them.
inline bool copy_engine_writes(const epilogue_params& e) {
  return e.m > 0 && e.n > 0 && e.col_stride == 1 && e.row_stride >= e.n &&
         e.row_stride * stored_bytes(e.kind) % 16 == 0 &&
         reinterpret_cast<std::uintptr_t>(e.y) % 16 == 0;
}

/// Such an output in boxes of 16 rows and so many columns.
inline tensor_shape output_boxes(const epilogue_params& e, int columns) {
  tensor_shape t;
  t.data = e.y;
  t.element_bytes = stored_bytes(e.kind);
  t.columns = e.n;
  t.rows = e.m;
  t.pitch = e.row_stride * t.element_bytes;
  t.box_columns = columns;
  t.box_rows = 16;
  t.swizzle = output_box::pattern_of(static_cast<std::uint32_t>(t.box_row_bytes()));
  return t;
}

/// The output of kernel K, which the copy engine stores where it can.
template<class K>
result<bulk_output> bulk_output_of(const epilogue_params& e, bulk_maps& kept) {
  if constexpr (requires { K::finish::box_columns(1); }) {
    if (!copy_engine_writes(e)) return bulk_output{};
    const auto map = keep_tensor_map(output_boxes(e, K::finish::box_columns(stored_bytes(e.kind))),
                                     kept.y, kept.are_new);
    if (!map.ok()) return map.why();
    return bulk_output{*map, true};
  } else {
    return bulk_output{};
  }
}

/// What kernel K takes for this product on a GPU of so many multiprocessors. Fails where TMA cannot
/// read an operand: rows that begin at other than multiples of 16 bytes, or have no elements.
template<class K>
result<typename K::params> bulk_params(const byte_rows& x, const byte_rows& w,
                                       const epilogue_params& epilogue, int multiprocessors,
                                       bulk_maps& kept) {
  if (x.bytes != w.bytes) return mismatch("w", "bytes of a row", 1, x.bytes, w.bytes);
  kept.are_new = false;
  const auto x_map = encode_slabs(x, K::stage::x_rows, kept.x, kept.are_new);
  if (!x_map.ok()) return x_map.why();
  const auto w_map = encode_slabs(w, K::stage::w_rows, kept.w, kept.are_new);
  if (!w_map.ok()) return w_map.why();
  const auto output = bulk_output_of<K>(epilogue, kept);
  if (!output.ok()) return output.why();
  typename K::params p;
  p.x = *x_map;
  p.w = *w_map;
  p.row_bytes = x.bytes;
  p.epilogue = epilogue;
  p.blocks = multiprocessors;
  p.output = *output;
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
