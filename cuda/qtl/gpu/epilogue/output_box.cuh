// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/epilogue/output_box.cuh - 16 rows of a warp's outputs in shared memory, as the copy engine stores them.
// Holds: fragment_bits, scale_fragments, activate_fragments, output_box. Values are finished where
// they are, in the registers of wgmma's fragments, and no instruction here meets a bank twice.
#pragma once

#include <cstdint>

#include "qtl/gpu/epilogue/element.cuh"
#include "qtl/gpu/epilogue/store.cuh"
#include "qtl/gpu/ptx/ldmatrix.cuh"
#include "qtl/gpu/ptx/shared_swizzle.cuh"
#include "qtl/gpu/tile/fragments.cuh"

namespace qtl::inline v0::gpu {

/// A lane's part of 16 x 32 values: four fragments of four, f32 bits or integers.
using fragment_bits = std::uint32_t[4][4];

/// Sums to outputs before the activation function; the first is output (row, column). Rows and
/// columns outside become anything: nobody stores them.
template<class T>
QTL_DEVICE void scale_fragments(const epilogue_params& p, std::int64_t row, std::int64_t column,
                                const T (&sums)[4][4], fragment_bits& bits) {
  const fragment_place place = fragment_place::of_lane();
  const auto inside = [&](std::int64_t i) { return i < p.m ? i : p.m - 1; };
  const one_row upper(p, inside(row + place.row));
  const one_row lower(p, inside(row + place.row + 8));
  unrolled<4>([&](auto f) {
    const some_columns<2> columns(p, column + 8 * f + place.column);
    unrolled<4>(
        [&](auto e) { bits[f][e] = scaled(p, sums[f][e], e < 2 ? upper : lower, columns, e % 2); });
  });
}

/// Applies the activation function, and turns values into codes where those are stored.
QTL_DEVICE void activate_fragments(const epilogue_params& p, fragment_bits& bits) {
  const bool to_codes = p.kind == stored_as::codes;
  if (p.kind == stored_as::s32 || (p.function == activation_function::none && !to_codes)) return;
  // Always the first fragment, then all move up: the functions are compiled for four values.
  rolled(4, [&](int) {
    std::uint32_t done[4];
    unrolled<4>([&](auto e) {
      const float y = activate(p.function, float_from_bits(bits[0][e]));
      done[e] = to_codes ? code_of(y, p) : float_bits(y);
    });
    unrolled<12>([&](auto i) { bits[i / 4][i % 4] = bits[i / 4 + 1][i % 4]; });
    unrolled<4>([&](auto e) { bits[3][e] = done[e]; });
  });
}

/// 16 rows of 32, 64 or 128 bytes, in the pattern of that width.
struct output_box {
  std::uint32_t base;  ///< a multiple of 1024
  ptx::shared_swizzle pattern;

  /// The pattern for rows of so many bytes.
  QTL_HOST_DEVICE static constexpr ptx::shared_swizzle pattern_of(std::uint32_t row_bytes) {
    return row_bytes == 128  ? ptx::shared_swizzle::bytes_128
           : row_bytes == 64 ? ptx::shared_swizzle::bytes_64
                             : ptx::shared_swizzle::bytes_32;
  }
  QTL_DEVICE std::uint32_t row_bytes() const { return ptx::span_bytes(pattern); }
  QTL_DEVICE std::uint32_t at(std::uint32_t row, std::uint32_t byte) const {
    return ptx::swizzled(base + row * row_bytes() + byte, pattern);
  }

  /// Puts 16 x 32 outputs down whose rows begin at `byte` of the box's. A template, so that targets
  /// without stmatrix may include this.
  template<int Sm = compiled_sm>
  QTL_DEVICE void put(const epilogue_params& p, std::uint32_t byte,
                      const fragment_bits& bits) const {
    switch (stored_bytes(p.kind)) {
      case 4:
        return put_words(byte, bits);
      case 2:
        return put_halves<Sm>(p.kind, byte, bits);
      default:
        return put_bytes(byte, bits);
    }
  }

  /// Stores the box, whose first element is output (row, column), without the copy engine.
  QTL_DEVICE void store(const epilogue_params& p, std::int64_t row, std::int64_t column) const {
    const auto width = static_cast<std::uint32_t>(4 * stored_bytes(p.kind));  // of four outputs
    const std::uint32_t fours = row_bytes() / width;
    for (std::uint32_t i = ptx::lane_index(); i < 16 * fours; i += 32) {
      const std::uint32_t r = i / fours, four = i % fours;
      const std::int64_t left = p.n - column - 4 * four;
      if (row + r >= p.m || left <= 0) continue;
      store_four(p, row + r, column + 4 * four, left < 4 ? static_cast<int>(left) : 4,
                 load(at(r, four * width), width));
    }
  }

 private:
  /// Four rows of one fragment would lie in two groups of banks only: in lanes of odd rows,
  /// fragments change places.
  QTL_DEVICE void put_words(std::uint32_t byte, const fragment_bits& bits) const {
    const fragment_place place = fragment_place::of_lane();
    const bool is_odd = place.row % 2 != 0;
    unrolled<4>([&](auto f) {
      constexpr int other = f.value ^ 2;
      const auto pick = [&](int e) { return is_odd ? bits[other][e] : bits[f][e]; };
      const unsigned column = 8 * (is_odd ? other : f.value) + place.column;
      ptx::store_shared<ptx::words2>(at(place.row, byte + 4 * column), {{pick(0), pick(1)}});
      ptx::store_shared<ptx::words2>(at(place.row + 8, byte + 4 * column), {{pick(2), pick(3)}});
    });
  }
  template<int Sm>
  QTL_DEVICE void put_halves(stored_as kind, std::uint32_t byte, const fragment_bits& bits) const {
    const unsigned lane = ptx::lane_index();
    unrolled<2>([&](auto pair) {
      std::uint32_t halves[4];
      unrolled<4>([&](auto i) {
        constexpr int f = 2 * pair.value + i.value / 2, e = i.value % 2 * 2;
        const float low = float_from_bits(bits[f][e]), high = float_from_bits(bits[f][e + 1]);
        halves[i] = kind == stored_as::f16 ? ptx::f16x2_from_floats(low, high)
                                           : ptx::bf16x2_from_floats(low, high);
      });
      // Lane 8 i + r names row r of matrix i.
      const unsigned column = 16 * pair.value + lane / 16 * 8;
      ptx::stmatrix_x4<Sm>(at(lane % 16, byte + 2 * column), halves);
    });
  }
  QTL_DEVICE void put_bytes(std::uint32_t byte, const fragment_bits& bits) const {
    const fragment_place place = fragment_place::of_lane();
    const auto two = [](std::uint32_t low, std::uint32_t high) {
      return static_cast<std::uint16_t>(low | high << 8);
    };
    unrolled<4>([&](auto f) {
      const std::uint32_t column = byte + 8 * f.value + place.column;
      ptx::store_shared<std::uint16_t>(at(place.row, column), two(bits[f][0], bits[f][1]));
      ptx::store_shared<std::uint16_t>(at(place.row + 8, column), two(bits[f][2], bits[f][3]));
    });
  }

  /// The words of four outputs.
  QTL_DEVICE static ptx::words4 load(std::uint32_t from, std::uint32_t bytes) {
    if (bytes == 16) return ptx::load_shared<ptx::words4>(from);
    if (bytes == 4) return {{ptx::load_shared<std::uint32_t>(from), 0u, 0u, 0u}};
    const auto halves = ptx::load_shared<ptx::words2>(from);
    return {{halves.w[0], halves.w[1], 0u, 0u}};
  }
};

}  // namespace qtl::inline v0::gpu
