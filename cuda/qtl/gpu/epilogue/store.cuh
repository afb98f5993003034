// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/store.cuh - four neighbouring outputs to global memory.
// Holds: store_four. One store of 4 to 16 bytes where the columns lie side by side, all four are
// inside the output and the address is aligned; element by element elsewhere.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/gpu/ptx/memory.cuh"

namespace qtl::inline v0::gpu {

/// Element e of four that lie in words as encode_four() leaves them.
template<class T>
QTL_DEVICE T stored_element(const ptx::words4& words, int e) {
  const unsigned bit = static_cast<unsigned>(e) * 8u * sizeof(T);
  const unsigned word = bit / 32u;
  // A choice among the words, for registers cannot be indexed.
  const std::uint32_t w = word == 0   ? words.w[0]
                          : word == 1 ? words.w[1]
                          : word == 2 ? words.w[2]
                                      : words.w[3];
  return static_cast<T>(w >> bit % 32u);
}

/// T is an unsigned integer as wide as an element, Vector is as wide as four.
template<class T, class Vector>
QTL_DEVICE void store_four_as(const epilogue_params& p, std::int64_t at, int count,
                              const ptx::words4& words, const Vector& vector) {
  T* const to = static_cast<T*>(p.y) + at;
  const bool aligned = reinterpret_cast<std::uintptr_t>(to) % sizeof(Vector) == 0;
  if (count == 4 && p.col_stride == 1 && aligned) {
    ptx::store_global(reinterpret_cast<Vector*>(to), vector);
    return;
  }
  for (int e = 0; e < count; ++e)
    ptx::store_global(to + e * p.col_stride, stored_element<T>(words, e));
}

/// Writes the first `count` of four outputs from (i, j) on.
QTL_DEVICE void store_four(const epilogue_params& p, std::int64_t i, std::int64_t j, int count,
                           const ptx::words4& words) {
  const std::int64_t at = i * p.row_stride + j * p.col_stride;
  switch (stored_bytes(p.kind)) {
    case 4:
      store_four_as<std::uint32_t>(p, at, count, words, words);
      break;
    case 2:
      store_four_as<std::uint16_t>(p, at, count, words, ptx::words2{{words.w[0], words.w[1]}});
      break;
    default:
      store_four_as<std::uint8_t>(p, at, count, words, words.w[0]);
  }
}

}  // namespace qtl::inline v0::gpu
