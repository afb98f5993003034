// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/weight_packing.cuh - writes and reads weight_layout. Plain C++ for the host.
// Holds: make_weight_layout, pack_weight, packed_field, packed_scale. Integers lie in the packed form as
// code + 2^(bits - 1) where they are signed, so that signed and unsigned differ by a zero point
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "qtl/format/e8m0.hpp"
#include "qtl/gemm/operands.hpp"
#include "qtl/gpu/tile/weight_layout.cuh"
#include "qtl/policy/descriptor.hpp"

namespace qtl::inline v0::gpu {

namespace packing {

/// How scales of this format are kept: as they are, or as f32 where kernels do not know them.
constexpr scale_storage storage_of(const policy_desc& w) {
  const auto name = w.scale_format.view();
  if (w.two_levels) return name == "e4m3" ? scale_storage::as_e4m3 : scale_storage::as_f32;
  if (name == "f16") return scale_storage::as_f16;
  if (name == "bf16") return scale_storage::as_bf16;
  return name == "e8m0" ? scale_storage::as_e8m0 : scale_storage::as_f32;
}

/// Which order the conversion of this format reads (convert_*.cuh say the same of themselves).
constexpr word_order order_of(const policy_desc& w, int field_bits, int step_cols) {
  if (field_bits == 8) return word_order::natural;
  if (step_cols == 32) return word_order::bytes;
  return w.kind == format_kind::codebook ? word_order::natural : word_order::halves;
}

/// What is added to a code before it is stored, and to a zero point.
constexpr int offset_of(const element_reader& elements) {
  return elements.encoding == value_encoding::as_signed ? 1 << (elements.bits - 1) : 0;
}

/// The field of element (j, p).
inline std::uint32_t field_at(const weight_operand& w, std::int64_t j, std::int64_t p) {
  const std::uint32_t sign = static_cast<std::uint32_t>(offset_of(w.elements));
  switch (w.elements.bits) {
    case 2:
      return load_code<2>(w.row(j), p) ^ sign;
    case 3:
      return load_code<3>(w.row(j), p) ^ sign;
    case 4:
      return load_code<4>(w.row(j), p) ^ sign;
    case 5:
      return load_code<5>(w.row(j), p) ^ sign;
    case 6:
      return load_code<6>(w.row(j), p) ^ sign;
    case 7:
      return load_code<7>(w.row(j), p) ^ sign;
    default:
      return load_code<8>(w.row(j), p) ^ sign;
  }
}

/// Writes the scale of row j, group g.
inline void put_scale(const weight_layout& l, const weight_operand& w, std::int64_t j,
                      std::int64_t g, std::byte* scales) {
  const std::int64_t at = g * l.padded_n() + j;
  const std::int64_t block = w.grid.index(j, g * l.group);
  if (l.scales == scale_storage::as_f32)
    return store_unaligned(scales, at, w.block_at(j, g * l.group).scale);
  const int size = scale_size(l.scales);
  std::memcpy(scales + at * size, w.scales + block * size, static_cast<std::size_t>(size));
}

/// Writes row j's codes. Filling is 0, which is finite in every format.
inline void put_row(const weight_layout& l, const weight_operand& w, std::int64_t j,
                    std::byte* to) {
  for (std::int64_t q = 0; q < l.padded_k(); ++q) {
    const std::int64_t p = l.column_at(q);
    if (p < 0) continue;
    const weight_layout::place at = l.place_of(j, q);
    const auto word = load_unaligned<std::uint32_t>(to + at.byte);
    store_unaligned(to + at.byte, 0, word | field_at(w, j, p) << at.bit);
  }
}

/// Writes which column of the activations meets each packed column; -1: none.
inline void put_column_order(const weight_layout& l, std::span<const std::int32_t> order,
                             std::byte* to) {
  for (std::int64_t q = 0; q < l.padded_k(); ++q) {
    const std::int64_t p = l.column_at(q);
    const std::int32_t column = p < 0           ? -1
                                : order.empty() ? static_cast<std::int32_t>(p)
                                                : order[static_cast<std::size_t>(p)];
    store_unaligned(to, q, column);
  }
}

}  // namespace packing

/// Whether weights of this policy have a packed form: codes of 2 to 4 or 8 bits that convert_*.cuh
/// know, and zero points of the codes' own width.
constexpr bool has_weight_layout(const policy_desc& w) {
  if (w.zero_point == zero_point_kind::wide || w.zero_point == zero_point_kind::shift) return false;
  const auto name = w.format.view();
  if (w.kind == format_kind::integer) return w.bits >= 2 && w.bits <= 8;
  if (w.kind == format_kind::codebook) return name == "nf4" || name == "fp4_bnb";
  return name == "e2m1" || name == "e4m3" || name == "e5m2";
}

/// The layout of an n x k weight of policy `w` for 16-bit (step_cols = 16) or 8-bit (32)
/// activations. `reorders`: the caller gives an order of columns (act-order).
constexpr weight_layout make_weight_layout(const policy_desc& w, std::int64_t n, std::int64_t k,
                                           int step_cols, bool reorders = false) {
  weight_layout l;
  l.n = n;
  l.k = k;
  l.field_bits = w.bits <= 4 ? 4 : 8;
  l.step_cols = step_cols;
  l.order = packing::order_of(w, l.field_bits, step_cols);
  l.has_zero_points = w.zero_point != zero_point_kind::none;
  l.is_grouped = !w.is_unscaled() && w.block_cols != 0;
  l.scales = l.is_grouped ? packing::storage_of(w) : scale_storage::as_f32;
  l.group = l.is_grouped ? w.block_cols : k > 0 ? k : 1;
  l.groups = k > 0 ? ceil_div(k, l.group) : 1;
  const std::int64_t apart = steps_to_group(l.scales, l.has_zero_points, step_cols);
  l.group_steps = ceil_div(l.group, apart * step_cols) * apart;
  l.has_column_order = reorders || !l.columns_match();
  return l;
}

/// Writes l.bytes() bytes. `order`, where given, has k entries: column p of the weight meets column
/// order[p] of the activations (GPTQ's act-order: columns sorted by group).
inline void pack_weight(const weight_layout& l, const weight_operand& w, std::byte* to,
                        std::span<const std::int32_t> order = {}) {
  std::memset(to, 0, static_cast<std::size_t>(l.bytes()));
  for (std::int64_t j = 0; j < l.n; ++j) {
    packing::put_row(l, w, j, to);
    for (std::int64_t g = 0; g < l.groups && l.k > 0; ++g) {
      packing::put_scale(l, w, j, g, to + l.scales_at());
      if (l.has_zero_points)
        to[l.zero_points_at() + g * l.padded_n() + j] = static_cast<std::byte>(
            w.block_at(j, g * l.group).zero_point + packing::offset_of(w.elements));
    }
  }
  if (l.has_column_order) packing::put_column_order(l, order, to + l.column_order_at());
}

/// The field at row j, packed column q: pack_weight backwards.
inline std::uint32_t packed_field(const weight_layout& l, const std::byte* packed, std::int64_t j,
                                  std::int64_t q) {
  const weight_layout::place at = l.place_of(j, q);
  return load_unaligned<std::uint32_t>(packed + at.byte) >> at.bit & ((1u << l.field_bits) - 1u);
}

/// The stored scale of row j, group g, as a float; without the tensor's scale where there are two
/// levels.
inline float packed_scale(const weight_layout& l, const std::byte* packed, std::int64_t j,
                          std::int64_t g) {
  const std::byte* scales = packed + l.scales_at();
  const std::int64_t at = g * l.padded_n() + j;
  switch (l.scales) {
    case scale_storage::as_f16:
      return f16::decode(load_unaligned<std::uint16_t>(scales, at));
    case scale_storage::as_bf16:
      return bf16::decode(load_unaligned<std::uint16_t>(scales, at));
    case scale_storage::as_e8m0:
      return e8m0::decode(load_unaligned<std::uint8_t>(scales, at));
    case scale_storage::as_e4m3:
      return e4m3::decode(load_unaligned<std::uint8_t>(scales, at));
    default:
      return load_unaligned<float>(scales, at);
  }
}

}  // namespace qtl::inline v0::gpu
