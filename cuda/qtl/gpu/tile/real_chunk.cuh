// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/tile/real_chunk.cuh - eight neighbouring reals of a row: loads, conversions, stores.
// Holds: real_chunk<F>, store_reals. For F = f32, f16 and bf16; with 16-byte accesses
// where a row lies right for them, else element by element.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/ptx/convert.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/tile/chunk.cuh"
#include "qtl/gpu/tile/real_element.cuh"
#include "qtl/gpu/tile/unrolled.cuh"

namespace qtl::inline v0::gpu {

/// Eight neighbours as they came from memory; zeros beyond the end of the row.
template<RealFormat F>
class real_chunk {
  static constexpr int pieces = sizeof(real_element<F>) / 2;  // of 16 bytes

 public:
  /// Elements first .. of a row of k. `aligned`: the row starts at a multiple of 16 bytes.
  QTL_DEVICE void load(const real_element<F>* row, std::int64_t first, std::int64_t k,
                       bool aligned) {
    const int count = chunk_count(first, k);
    if (aligned && count == chunk_size) {
      unrolled<pieces>([&](auto p) {
        words_[p] = ptx::load_global(reinterpret_cast<const ptx::words4*>(row + first) + p);
      });
    } else {
      load_some(row + first, count);
    }
  }

  QTL_DEVICE void values(float (&x)[chunk_size]) const {
    unrolled<chunk_size / 2>([&](auto pair) {
      float& low = x[2 * pair];
      float& high = x[2 * pair + 1];
      if constexpr (std::same_as<F, f32>) {
        low = float_from_bits(words_[pair / 2].w[2 * (pair % 2)]);
        high = float_from_bits(words_[pair / 2].w[2 * (pair % 2) + 1]);
      } else if constexpr (std::same_as<F, f16>) {
        ptx::floats_from_f16x2(words_[0].w[pair], low, high);
      } else {
        ptx::floats_from_bf16x2(words_[0].w[pair], low, high);
      }
    });
  }

 private:
  QTL_DEVICE void load_some(const real_element<F>* from, int count) {
    unrolled<pieces>([&](auto p) {
      unrolled<4>([&](auto w) {
        constexpr int elements = 4 / static_cast<int>(sizeof(real_element<F>));
        std::uint32_t word = 0;
        unrolled<elements>([&](auto e) {
          constexpr int at = (p * 4 + w) * elements + e;
          if (at < count) word |= bits_of(ptx::load_global(from + at)) << (16 * e);
        });
        words_[p].w[w] = word;
      });
    });
  }
  QTL_DEVICE static std::uint32_t bits_of(real_element<F> x) {
    if constexpr (std::same_as<F, f32>)
      return float_bits(x);
    else
      return x;
  }

  ptx::words4 words_[pieces];
};

/// Two floats rounded to 16-bit floats, the lower one below.
template<RealFormat F>
QTL_DEVICE std::uint32_t real_pair(float low, float high) {
  if constexpr (std::same_as<F, f16>)
    return ptx::f16x2_from_floats(low, high);
  else
    return ptx::bf16x2_from_floats(low, high);
}

/// Stores x[0 .. count), rounded to F, from `to` on. `aligned`: `to` is a multiple of 16 bytes.
template<RealFormat F>
QTL_DEVICE void store_reals(real_element<F>* to, const float (&x)[chunk_size], int count,
                            bool aligned) {
  ptx::words4 words[sizeof(real_element<F>) / 2];
  unrolled<chunk_size / 2>([&](auto pair) {
    if constexpr (std::same_as<F, f32>) {
      words[pair / 2].w[2 * (pair % 2)] = float_bits(x[2 * pair]);
      words[pair / 2].w[2 * (pair % 2) + 1] = float_bits(x[2 * pair + 1]);
    } else {
      words[0].w[pair] = real_pair<F>(x[2 * pair], x[2 * pair + 1]);
    }
  });
  if (aligned && count == chunk_size) {
    unrolled<sizeof(real_element<F>) / 2>(
        [&](auto p) { ptx::store_global(reinterpret_cast<ptx::words4*>(to) + p, words[p]); });
    return;
  }
  unrolled<chunk_size>([&](auto e) {
    if (e >= count) return;
    if constexpr (std::same_as<F, f32>)
      ptx::store_global(to + e, x[e]);
    else
      ptx::store_global(to + e,
                        static_cast<std::uint16_t>(words[0].w[e / 2] >> (16 * (e % 2)) & 0xFFFFu));
  });
}

}  // namespace qtl::inline v0::gpu
