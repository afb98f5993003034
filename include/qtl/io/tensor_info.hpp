// SPDX-License-Identifier: Apache-2.0
// qtl/io/tensor_info.hpp - what a safetensors file says about one tensor.
// Holds: dtype with its names and bit sizes, tensor_info, tensor_bytes. Not here: the header's JSON
// (safetensors_header.hpp); what the elements mean (format/).
// To add a dtype: a row of the table at its rank; the official writer sorts by descending rank, so
// order matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qtl/base/error.hpp"
#include "qtl/base/math.hpp"

namespace qtl::inline v0::io {

/// Element types a safetensors file may name, in ascending rank. They say how wide an element is
/// and how the writer orders tensors; "f8_e4m3" is the e4m3 of format/minifloat.hpp.
enum class dtype : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// One row of dtype_table.
struct dtype_row {
  std::string_view name;
  int bits;
};

/// Names as they stand in a file and widths in bits, indexed by dtype.
inline constexpr dtype_row dtype_table[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
};
static_assert(std::size(dtype_table) == static_cast<std::size_t>(dtype::u64) + 1);

/// The dtype's name as it stands in a file, as "BF16".
constexpr std::string_view to_string(dtype type) {
  return dtype_table[static_cast<std::size_t>(type)].name;
}

/// Bits per element: 4, 6, 8, 16, 32 or 64.
constexpr int bits_of(dtype type) { return dtype_table[static_cast<std::size_t>(type)].bits; }

/// Finds the dtype of that name and returns true, or returns false.
constexpr bool dtype_from_string(std::string_view name, dtype& found) {
  for (std::size_t i = 0; i < std::size(dtype_table); ++i) {
    if (dtype_table[i].name != name) continue;
    found = static_cast<dtype>(i);
    return true;
  }
  return false;
}

/// One tensor of a file: C-order, dense. Offsets count bytes from the start of the data section.
struct tensor_info {
  std::string name;
  io::dtype dtype = dtype::u8;
  std::vector<std::int64_t> shape;  ///< extents, slowest first, in elements; empty for a scalar
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t byte_size() const { return end - begin; }
  int rank() const { return static_cast<int>(shape.size()); }
};

/// Bytes that a tensor of this shape and dtype takes, or the rule that is broken: a negative
/// extent, a product that does not fit 64 bits, a last byte that is not filled. The status has no
/// file in it; callers add that.
inline result<std::int64_t> tensor_bytes(dtype type, std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return failure(error_code::invalid_argument, "shape", "an extent is negative");
    if (!checked_multiply(count, extent, count))
      return failure(error_code::overflow, "shape",
                     "the product of the extents does not fit 64 bits");
  }
  std::int64_t bits = 0;
  if (!checked_multiply(count, bits_of(type), bits))
    return failure(error_code::overflow, "shape", "the size in bits does not fit 64 bits");
  if (bits % 8 != 0)
    return mismatch("shape", "remainder of the size in bits over 8", -1, 0, bits % 8);
  return bits / 8;
}

}  // namespace qtl::inline v0::io
