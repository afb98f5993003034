// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/tensor_map.cuh - describes a tensor in global memory to TMA, on the host.
// Holds: tensor_shape, check_tensor_shape, encode_tensor_map, kept_tensor_map. The driver's function is found through the CUDA
// runtime, so libcuda is not linked; without a driver the answer is an error. The emulator asks the
// same of a shape.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#include <cuda.h>
#endif

#include "qtl/base/error.hpp"
#include "qtl/gpu/host/runtime.cuh"
#include "qtl/gpu/ptx/shared_swizzle.cuh"
#include "qtl/gpu/ptx/tensor_map.cuh"

namespace qtl::inline v0::gpu {

/// A row-major tensor of one or two dimensions and the box that one copy moves. Elements are bits:
/// what they mean is the kernel's affair.
struct tensor_shape {
  const void* data = nullptr;
  std::int32_t element_bytes = 1;  ///< 1, 2, 4 or 8
  std::int64_t columns = 0;        ///< elements of a row
  std::int64_t rows = 0;           ///< 0: one dimension
  std::int64_t pitch = 0;          ///< bytes from row to row
  std::int32_t box_columns = 0;
  std::int32_t box_rows = 1;
  ptx::shared_swizzle swizzle = ptx::shared_swizzle::none;

  constexpr int rank() const { return rows == 0 ? 1 : 2; }
  constexpr std::int64_t box_row_bytes() const { return std::int64_t{box_columns} * element_bytes; }
  friend constexpr bool operator==(const tensor_shape&, const tensor_shape&) = default;
};

namespace detail {

constexpr status tensor_error(const char* operand, std::string_view what, std::int64_t expected,
                              std::int64_t actual) {
  return mismatch(operand, what, -1, expected, actual, error_code::invalid_argument);
}

constexpr status check_tensor_memory(const tensor_shape& t) {
  constexpr std::int64_t most = std::int64_t{1} << 32;
  if (t.element_bytes != 1 && t.element_bytes != 2 && t.element_bytes != 4 && t.element_bytes != 8)
    return failure(error_code::invalid_argument, "element_bytes", "must be 1, 2, 4 or 8");
  if (t.columns < 1 || t.columns > most)
    return tensor_error("columns", "outside of 1 to 2^32: it", most, t.columns);
  if (t.rows < 0 || t.rows > most)
    return tensor_error("rows", "outside of 0 to 2^32: it", most, t.rows);
  if (t.rank() == 1) return {};
  if (t.pitch % 16 != 0) return tensor_error("pitch", "modulo 16", 0, t.pitch % 16);
  if (t.pitch < t.columns * t.element_bytes || t.pitch >= std::int64_t{1} << 40)
    return tensor_error("pitch", "less than a row, or 2^40 or more: it",
                        t.columns * t.element_bytes, t.pitch);
  return {};
}

constexpr status check_tensor_box(const tensor_shape& t) {
  if (t.box_columns < 1 || t.box_columns > 256)
    return tensor_error("box_columns", "outside of 1 to 256: it", 256, t.box_columns);
  if (t.box_rows < 1 || t.box_rows > 256)
    return tensor_error("box_rows", "outside of 1 to 256: it", 256, t.box_rows);
  if (t.box_row_bytes() % 16 != 0)
    return tensor_error("box_columns", "bytes modulo 16", 0, t.box_row_bytes() % 16);
  const std::int64_t span = ptx::span_bytes(t.swizzle);
  if (t.swizzle != ptx::shared_swizzle::none && t.box_row_bytes() != span)
    return tensor_error("box_columns", "bytes under this swizzle", span, t.box_row_bytes());
  return {};
}

}  // namespace detail

/// What TMA demands of a tensor; and, narrower than TMA, that a swizzled box is as wide as its
/// pattern, so that rows follow one another in shared memory.
inline status check_tensor_shape(const tensor_shape& t) {
  if (const status s = detail::check_tensor_memory(t); !s.ok()) return s;
  if (const status s = detail::check_tensor_box(t); !s.ok()) return s;
  const auto address = reinterpret_cast<std::uintptr_t>(t.data);
  if (t.data == nullptr) return failure(error_code::invalid_argument, "data", "is null");
  if (address % 16 != 0)
    return detail::tensor_error("data", "address modulo 16", 0,
                                static_cast<std::int64_t>(address % 16));
  return {};
}

#if !QTL_GPU_EMULATED
namespace detail {

using encode_tiled = decltype(&cuTensorMapEncodeTiled);

/// The driver's cuTensorMapEncodeTiled.
inline result<encode_tiled> find_encode_tiled() {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
  const status s = status_of(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry,
                                                              12000, cudaEnableDefault, &found),
                             "cuTensorMapEncodeTiled");
  if (!s.ok()) return s;
  if (entry == nullptr || found != cudaDriverEntryPointSuccess)
    return failure(error_code::unsupported, "cuTensorMapEncodeTiled",
                   "the driver does not have it: TMA needs a driver for CUDA 12 or later");
  return reinterpret_cast<encode_tiled>(entry);
}

inline CUtensorMapDataType data_type_of(int element_bytes) {
  switch (element_bytes) {
    case 1:
      return CU_TENSOR_MAP_DATA_TYPE_UINT8;
    case 2:
      return CU_TENSOR_MAP_DATA_TYPE_UINT16;
    case 4:
      return CU_TENSOR_MAP_DATA_TYPE_UINT32;
    default:
      return CU_TENSOR_MAP_DATA_TYPE_UINT64;
  }
}

inline CUtensorMapSwizzle swizzle_of(ptx::shared_swizzle s) {
  switch (s) {
    case ptx::shared_swizzle::bytes_32:
      return CU_TENSOR_MAP_SWIZZLE_32B;
    case ptx::shared_swizzle::bytes_64:
      return CU_TENSOR_MAP_SWIZZLE_64B;
    case ptx::shared_swizzle::bytes_128:
      return CU_TENSOR_MAP_SWIZZLE_128B;
    default:
      return CU_TENSOR_MAP_SWIZZLE_NONE;
  }
}

inline result<ptx::tensor_map> encode_by_driver(const tensor_shape& t) {
  static_assert(sizeof(CUtensorMap) == sizeof(ptx::tensor_map));
  // Looked up once: it never changes while the process lives.
  static const result<encode_tiled> encode = find_encode_tiled();
  if (!encode.ok()) return encode.why();
  const cuuint64_t extents[2] = {static_cast<cuuint64_t>(t.columns),
                                 static_cast<cuuint64_t>(t.rows)};
  const cuuint64_t pitch[1] = {static_cast<cuuint64_t>(t.pitch)};
  const cuuint32_t box[2] = {static_cast<cuuint32_t>(t.box_columns),
                             static_cast<cuuint32_t>(t.box_rows)};
  const cuuint32_t every[2] = {1, 1};
  CUtensorMap encoded;
  const CUresult answer = (*encode)(
      &encoded, data_type_of(t.element_bytes), static_cast<cuuint32_t>(t.rank()),
      const_cast<void*>(t.data), extents, pitch, box, every, CU_TENSOR_MAP_INTERLEAVE_NONE,
      swizzle_of(t.swizzle), CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (answer != CUDA_SUCCESS)
    return detail::tensor_error("tensor_shape", "the driver's answer", CUDA_SUCCESS, answer);
  ptx::tensor_map map;
  std::memcpy(map.words, &encoded, sizeof map);
  return map;
}

}  // namespace detail
#endif

/// The map of a tensor, to be put into a kernel's params. Allocates nothing.
inline result<ptx::tensor_map> encode_tensor_map(const tensor_shape& t) {
  if (const status s = check_tensor_shape(t); !s.ok()) return s;
#if QTL_GPU_EMULATED
  const emulated::tensor_map_fields fields{emulated::tensor_map_magic,
                                           t.data,
                                           {t.columns, t.rank() == 1 ? 1 : t.rows},
                                           t.pitch,
                                           {t.box_columns, t.box_rows},
                                           t.element_bytes,
                                           t.rank(),
                                           static_cast<std::int32_t>(t.swizzle)};
  ptx::tensor_map map;
  static_assert(sizeof fields <= sizeof map);
  std::memcpy(map.words, &fields, sizeof fields);
  emulated::count_tensor_map();
  return map;
#else
  return detail::encode_by_driver(t);
#endif
}

/// A map and what it was encoded of.
struct kept_tensor_map {
  tensor_shape of;
  ptx::tensor_map map;
};

/// The kept map where it is of this very tensor; else it is encoded, and `is_new` becomes true.
inline result<ptx::tensor_map> keep_tensor_map(const tensor_shape& t, kept_tensor_map& kept,
                                               bool& is_new) {
  if (kept.of == t && t.data != nullptr) return kept.map;
  const result<ptx::tensor_map> encoded = encode_tensor_map(t);
  if (!encoded.ok()) return encoded.why();
  kept = {t, *encoded};
  is_new = true;
  return kept.map;
}

}  // namespace qtl::inline v0::gpu
