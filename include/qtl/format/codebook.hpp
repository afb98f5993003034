// SPDX-License-Identifier: Apache-2.0
// qtl/format/codebook.hpp - formats whose code is an index into a table of values.
// Holds: codebook<Bits, Table>, nf4, fp4_bnb.
// To add one: a struct with `name` and `values` (any order), then `using mine = qtl::codebook<3, my_table>;`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "qtl/format/number_format.hpp"

namespace qtl::inline v0 {

/// Where a sorted table is cut: x belongs to entry number count(x > cut). A cut is the largest
/// float not above the midpoint of two neighbours, taken in double, so that a tie stays with the
/// lower value.
template<std::size_t N>
struct codebook_order {
  std::uint8_t codes[N]{};  ///< codes by ascending value
  float cuts[N - 1]{};
};

/// Sorts the first N entries of `values` and cuts between them.
template<std::size_t N>
QTL_HOST_DEVICE constexpr codebook_order<N> order_codebook(const float* values) {
  codebook_order<N> order;
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = i;
    for (; at > 0 && values[order.codes[at - 1]] > values[i]; --at)
      order.codes[at] = order.codes[at - 1];
    order.codes[at] = static_cast<std::uint8_t>(i);
  }
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const double low = values[order.codes[i]];
    const double middle = low + (static_cast<double>(values[order.codes[i + 1]]) - low) / 2;
    auto cut = static_cast<float>(middle);
    if (static_cast<double>(cut) > middle)
      cut = float_from_bits(float_bits(cut) + (cut > 0 ? ~0u : 1u));
    order.cuts[i] = cut;
  }
  return order;
}

/// `Table::values[code]`, 2^Bits entries. encode picks the nearest value, a tie going to the lower
/// one; in a table that says `sign_magnitude = true` (top bit is the sign) a tie goes to the
/// smaller magnitude. NaN encodes to the lowest.
template<int Bits, class Table>
struct codebook {
  static_assert(Bits >= 1 && Bits <= 8, "a codebook has 1 to 8 bits");
  static constexpr std::size_t size = std::size_t{1} << Bits;
  static_assert(Table::values.size() == size, "a codebook of b bits has 2^b values");

  static constexpr format_kind kind = format_kind::codebook;
  static constexpr int bits = Bits;
  static constexpr short_name name = Table::name;
  static constexpr bool sign_magnitude = requires { requires Table::sign_magnitude; };
  static constexpr float max = [] {
    float largest = 0;
    for (float v : Table::values) largest = magnitude(v) > largest ? magnitude(v) : largest;
    return largest;
  }();

  QTL_HOST_DEVICE static constexpr std::uint8_t encode(float x) {
    constexpr auto order = order_codebook<sign_magnitude ? size / 2 : size>(values);
    const float key = sign_magnitude ? magnitude(x) : x;
    std::size_t rank = 0;
    for (float cut : order.cuts) rank += key > cut ? 1 : 0;
    const bool negative = sign_magnitude && x < 0.0f;
    return static_cast<std::uint8_t>(order.codes[rank] | (negative ? size / 2 : 0));
  }
  QTL_HOST_DEVICE static constexpr float decode(std::uint8_t code) { return values[code]; }

 private:
  // By pointer: functions that nvcc also compiles for the device may not call std::array's.
  static constexpr const float* values = Table::values.data();
};

/// The quantiles of a normal distribution, as bitsandbytes ships them (QLoRA, Dettmers et al.
/// 2023).
struct nf4_table {
  static constexpr short_name name = "nf4";
  static constexpr std::array<float, 16> values = {-1.0f,
                                                   -0.6961928009986877f,
                                                   -0.5250730514526367f,
                                                   -0.39491748809814453f,
                                                   -0.28444138169288635f,
                                                   -0.18477343022823334f,
                                                   -0.09105003625154495f,
                                                   0.0f,
                                                   0.07958029955625534f,
                                                   0.16093020141124725f,
                                                   0.24611230194568634f,
                                                   0.33791524171829224f,
                                                   0.44070982933044434f,
                                                   0.5626170039176941f,
                                                   0.7229568362236023f,
                                                   1.0f};
};

/// The "fp4" of bitsandbytes: not e2m1, but its own eight magnitudes in its own order, over 12.
struct fp4_bnb_table {
  static constexpr short_name name = "fp4_bnb";
  static constexpr bool sign_magnitude = true;
  static constexpr std::array<float, 16> values = [] {
    constexpr float twelfths[] = {0.0f, 0.0625f, 8.0f, 12.0f, 4.0f, 6.0f, 2.0f, 3.0f};
    std::array<float, 16> v{};
    for (std::size_t i = 0; i < 8; ++i) {
      v[i] = twelfths[i] / 12.0f;
      v[i + 8] = -v[i];
    }
    return v;
  }();
};

/// The codebooks of bitsandbytes.
using nf4 = codebook<4, nf4_table>;
using fp4_bnb = codebook<4, fp4_bnb_table>;

}  // namespace qtl::inline v0
