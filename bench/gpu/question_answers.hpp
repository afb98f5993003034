// SPDX-License-Identifier: Apache-2.0
// bench/gpu/question_answers.hpp - what the kernels of question_kernels.cuh must leave behind.
// Holds: expected_loop, expected_stream; and stream_rows, what boxes are cut from.
#pragma once

#include <cstddef>
#include <vector>

#include "qtl/gpu/host/tensor_map.cuh"

#include "question_kernels.cuh"

namespace qtl_bench {

/// The folded sums of a block's threads: sums modulo 2^32, in the order in which threads hold them.
inline std::vector<std::uint32_t> expected_loop(std::int64_t slabs) {
  const auto element = [](int row, int column) {
    const std::uint32_t word = drawn_word(static_cast<std::uint32_t>(32 * row + column / 4));
    return static_cast<std::int8_t>(word >> (column % 4 * 8) & 0xFFu);
  };
  std::vector<std::uint32_t> folded(product_loop::threads, 0);
  for (int i = 0; i < product_loop::rows; ++i)
    for (int j = 0; j < product_loop::columns; ++j) {
      std::uint32_t sum = 0;
      for (int p = 0; p < 128; ++p)
        sum += static_cast<std::uint32_t>(element(i, p) * element(product_loop::rows + j, p));
      const int thread = i / 16 * 32 + i % 8 * 4 + j % 8 / 2;
      folded[static_cast<std::size_t>(thread)] ^= sum * static_cast<std::uint32_t>(slabs);
    }
  return folded;
}

/// All chunks as rows of 128 bytes, a chunk to a box.
inline gpu::tensor_shape stream_rows(const std::byte* data, std::int64_t chunks,
                                     std::int64_t chunk_bytes) {
  gpu::tensor_shape t;
  t.data = data;
  t.columns = t.pitch = 128;
  t.rows = chunks * (chunk_bytes / 128);
  t.box_columns = 128;
  t.box_rows = static_cast<std::int32_t>(chunk_bytes / 128);
  t.swizzle = ptx::shared_swizzle::bytes_128;
  return t;
}

/// The 32 words of each block, where word i of memory is drawn_word(i).
inline std::vector<std::uint32_t> expected_stream(std::int64_t chunks, std::int64_t chunk_bytes,
                                                  std::int64_t blocks) {
  std::vector<std::uint32_t> folded(static_cast<std::size_t>(32 * blocks), 0);
  for (std::int64_t c = 0; c < chunks; ++c)
    for (std::int64_t word = 0; word < 32; ++word)
      folded[static_cast<std::size_t>(c % blocks * 32 + word)] ^=
          drawn_word(static_cast<std::uint32_t>(c * (chunk_bytes / 4) + word));
  return folded;
}

}  // namespace qtl_bench
