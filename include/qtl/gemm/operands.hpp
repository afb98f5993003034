// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/operands.hpp - the operands of a product as plain values: the waist's side of a QTensor.
// Holds: element_reader, weight_operand, activation_operand, and erase() from a QTensorView. Below this line nothing is
// a template over policies; a format that no kernel knows is read through its table of values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "qtl/base/views.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/format/packing.hpp"
#include "qtl/ops/runs.hpp"
#include "qtl/tensor/qtensor_view.hpp"

namespace qtl::inline v0 {

/// How codes or scales are read: as integers, by a table of 2^bits values, or as a wide float.
enum class value_encoding : std::uint8_t {
  as_signed,
  as_unsigned,
  by_table,
  as_f16,
  as_bf16,
  as_f32
};

/// Reads codes of a format that is known at run time only.
struct element_reader {
  int bits = 0;
  value_encoding encoding = value_encoding::by_table;
  const float* values = nullptr;  ///< of each raw code, where a code has at most 8 bits

  /// The values of codes first .. first + count of a packed row.
  void read(const std::byte* row, std::int64_t first, std::int64_t count, float* out) const {
    switch (bits) {
      case 1:
        return read_narrow<1>(row, first, count, out);
      case 2:
        return read_narrow<2>(row, first, count, out);
      case 3:
        return read_narrow<3>(row, first, count, out);
      case 4:
        return read_narrow<4>(row, first, count, out);
      case 5:
        return read_narrow<5>(row, first, count, out);
      case 6:
        return read_narrow<6>(row, first, count, out);
      case 7:
        return read_narrow<7>(row, first, count, out);
      case 8:
        return read_narrow<8>(row, first, count, out);
      default:
        return read_wide(row, first, count, out);
    }
  }

 private:
  template<int Bits>
  void read_narrow(const std::byte* row, std::int64_t first, std::int64_t count, float* out) const {
    std::array<std::uint8_t, run_chunk> raw;
    for (std::int64_t start = 0; start < count; start += run_chunk) {
      const std::int64_t n = count - start < run_chunk ? count - start : run_chunk;
      load_run<Bits>(row, first + start, raw.data(), n);
      convert<Bits>(raw.data(), n, out + start);
    }
  }

  // One loop for each encoding: compilers vectorise those of integers.
  template<int Bits>
  void convert(const std::uint8_t* raw, std::int64_t count, float* out) const {
    constexpr int sign = 1 << (Bits - 1);
    if (encoding == value_encoding::as_signed)
      for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<float>((raw[i] ^ sign) - sign);
    else if (encoding == value_encoding::as_unsigned)
      for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(raw[i]);
    else
      for (std::int64_t i = 0; i < count; ++i) out[i] = values[raw[i]];
  }

  void read_wide(const std::byte* row, std::int64_t first, std::int64_t count, float* out) const {
    const auto half = [&](std::int64_t i) {
      return static_cast<std::uint16_t>(load_code<16>(row, first + i));
    };
    if (encoding == value_encoding::as_f16)
      for (std::int64_t i = 0; i < count; ++i) out[i] = f16::decode(half(i));
    else if (encoding == value_encoding::as_bf16)
      for (std::int64_t i = 0; i < count; ++i) out[i] = bf16::decode(half(i));
    else
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = float_from_bits(load_code<32>(row, first + i));
  }
};

/// The encoding of a format of more than 8 bits; kernels know three of them.
template<NumberFormat F>
constexpr value_encoding wide_encoding() {
  constexpr bool ieee = F::specials == special_values::ieee;
  constexpr bool is_f16 = ieee && F::exponent_bits == 5 && F::mantissa_bits == 10;
  constexpr bool is_prefix = ieee && F::exponent_bits == 8;
  static_assert(is_f16 || (is_prefix && (F::mantissa_bits == 7 || F::mantissa_bits == 23)),
                "kernels take formats of at most 8 bits, and f16, bf16 and f32");
  if (is_f16) return value_encoding::as_f16;
  return F::mantissa_bits == 7 ? value_encoding::as_bf16 : value_encoding::as_f32;
}

/// The reader of format F.
template<NumberFormat F>
constexpr element_reader reader_of() {
  if constexpr (F::bits <= 8)
    return {F::bits,
            kind_of<F> != format_kind::integer ? value_encoding::by_table
            : std::is_signed_v<code_type<F>>   ? value_encoding::as_signed
                                               : value_encoding::as_unsigned,
            value_table<F>.data()};
  else
    return {F::bits, wide_encoding<F>(), nullptr};
}

/// How zero points or shifts are kept.
enum class offset_encoding : std::uint8_t { none, int8, uint8, int32, shift };

/// The parameters of a block, as a kernel uses them: real = scale * (value - zero_point) - shift.
struct block_values {
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  float shift = 0.0f;

  float real(float value) const {
    if (shift != 0.0f) return fused_multiply_add(scale, value, -shift);
    return scale * (zero_point == 0
                        ? value
                        : static_cast<float>(static_cast<std::int64_t>(value) - zero_point));
  }
  /// real() of each value, in place. The difference is exact in double, as it is in integers.
  void to_reals(float* values, std::int64_t count) const {
    if (shift != 0.0f)
      for (std::int64_t i = 0; i < count; ++i) values[i] = real(values[i]);
    else if (zero_point != 0)
      for (std::int64_t i = 0; i < count; ++i)
        values[i] = scale * static_cast<float>(static_cast<double>(values[i]) - zero_point);
    else
      for (std::int64_t i = 0; i < count; ++i) values[i] *= scale;
  }
};

/// A quantized weight, n x k: rows are output features.
struct weight_operand {
  const std::byte* codes = nullptr;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t row_bytes = 0;
  element_reader elements;
  const std::byte* scales = nullptr;  ///< null: unscaled
  element_reader scale_elements;
  float tensor_scale = 1.0f;
  const std::byte* offsets = nullptr;
  offset_encoding offset_kind = offset_encoding::none;
  block_grid grid;

  const std::byte* row(std::int64_t j) const { return codes + j * row_bytes; }
  bool has_offsets() const { return offset_kind != offset_encoding::none; }

  /// The parameters of the block that holds element (j, p).
  block_values block_at(std::int64_t j, std::int64_t p) const {
    block_values v;
    const std::int64_t b = grid.index(j, p);
    if (scales != nullptr) scale_elements.read(scales, b, 1, &v.scale);
    v.scale *= tensor_scale;
    switch (offset_kind) {
      case offset_encoding::none:
        break;
      case offset_encoding::int8:
        v.zero_point = load_unaligned<std::int8_t>(offsets, b);
        break;
      case offset_encoding::uint8:
        v.zero_point = load_unaligned<std::uint8_t>(offsets, b);
        break;
      case offset_encoding::int32:
        v.zero_point = load_unaligned<std::int32_t>(offsets, b);
        break;
      case offset_encoding::shift:
        v.shift = load_unaligned<float>(offsets, b);
        break;
    }
    return v;
  }
  /// The first column of the next block of the row, after column p.
  std::int64_t block_end(std::int64_t p) const {
    const std::int64_t end = (p / grid.block_cols + 1) * grid.block_cols;
    return end < k ? end : k;
  }
};

/// Activations, m x k: codes with f32 scales per row and group, or reals.
struct activation_operand {
  std::int64_t m = 0;
  std::int64_t k = 0;
  const std::byte* codes = nullptr;  ///< null: the operand is `reals`
  std::int64_t row_bytes = 0;
  bool padded = false;  ///< rows go on with zeros to a multiple of 64 bytes
  element_reader elements;
  const float* scales = nullptr;              ///< m x groups; NaN where a token holds NaN
  const std::int32_t* zero_points = nullptr;  ///< m x groups, or null
  const float* shifts = nullptr;              ///< m x groups, or null
  const std::int32_t* sums = nullptr;  ///< of codes as they lie, m x groups; null: nobody took them
  std::int32_t code_shift = 0;  ///< taken off codes as they lie: a kernel that quantizes for itself
                                ///< may keep u8 as s8
  /// Column p of the weight meets column column_order[p] of these; null: column p. Only for kernels
  /// that reorder; entries are given, as -1, up to a multiple of 64.
  const std::int32_t* column_order = nullptr;
  std::int64_t groups = 1;
  std::int64_t group_cols = 1;
  matrix_view<const float> reals;

  const std::byte* row(std::int64_t i) const { return codes + i * row_bytes; }
  bool has_offsets() const { return zero_points != nullptr || shifts != nullptr; }

  /// The parameters of row i's group that holds column p.
  block_values block_at(std::int64_t i, std::int64_t p) const {
    const std::int64_t g = i * groups + p / group_cols;
    return {scales[g], zero_points != nullptr ? zero_points[g] : 0,
            shifts != nullptr ? shifts[g] : 0.0f};
  }
  std::int64_t block_end(std::int64_t p) const {
    const std::int64_t end = (p / group_cols + 1) * group_cols;
    return end < k ? end : k;
  }
};

/// How the offsets of P are kept.
template<QuantPolicy P>
constexpr offset_encoding offset_encoding_of() {
  switch (P::scheme::zero_point) {
    case zero_point_kind::none:
      return offset_encoding::none;
    case zero_point_kind::wide:
      return offset_encoding::int32;
    case zero_point_kind::shift:
      return offset_encoding::shift;
    case zero_point_kind::integer:
      return std::is_signed_v<code_type<typename P::format>> ? offset_encoding::int8
                                                             : offset_encoding::uint8;
  }
  return offset_encoding::none;
}

/// A weight tensor as the waist sees it. The memory stays the view's.
template<QuantPolicy W>
weight_operand erase(const QTensorView<W>& w) {
  weight_operand e;
  e.codes = w.codes;
  e.n = w.rows();
  e.k = w.cols();
  e.row_bytes = w.layout.row_bytes;
  e.elements = reader_of<typename W::format>();
  e.scales = scale_bytes<W> != 0 ? w.scales : nullptr;
  e.scale_elements = reader_of<typename W::scale::format>();
  e.tensor_scale = w.tensor_scale;
  e.offsets = w.offsets;
  e.offset_kind = offset_encoding_of<W>();
  e.grid = w.layout.grid;
  return e;
}

}  // namespace qtl::inline v0
