// SPDX-License-Identifier: Apache-2.0
// bench/cpu/integer_codes.hpp - operands of libraries that multiply integers and leave it to others
// to quantize.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "qtl/base/matrix.hpp"

namespace qtl_bench {

/// The codes that a deviation of one in m is spread over.
inline constexpr float codes_of_one = 42.0f;

/// The bytes of 8-bit codes all over their range, unsigned ones around 128: how they came about
/// does not matter to a product.
inline std::vector<std::uint8_t> codes_of(const qtl::matrix<float>& m, bool is_unsigned) {
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(m.rows() * m.cols()));
  std::transform(m.data(), m.data() + codes.size(), codes.begin(), [&](float value) {
    const int code = static_cast<int>(std::clamp(value * codes_of_one, -127.0f, 127.0f));
    return static_cast<std::uint8_t>(is_unsigned ? code + 128 : code);
  });
  return codes;
}

}  // namespace qtl_bench
