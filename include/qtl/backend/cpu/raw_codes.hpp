// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/raw_codes.hpp - packed codes of a width known at run time, spread to bytes.
#pragma once

#include <cstdint>
#include <cstring>

#include "qtl/gemm/operands.hpp"

namespace qtl::inline v0 {

/// Codes first .. first + count of a packed row of `bits`-bit codes (1 to 8), a byte each, not
/// sign-extended.
inline void read_raw_codes(int bits, const std::byte* row, std::int64_t first, std::int64_t count,
                           std::uint8_t* out) {
  switch (bits) {
    case 1:
      return load_run<1>(row, first, out, count);
    case 2:
      return load_run<2>(row, first, out, count);
    case 3:
      return load_run<3>(row, first, out, count);
    case 4:
      return load_run<4>(row, first, out, count);
    case 5:
      return load_run<5>(row, first, out, count);
    case 6:
      return load_run<6>(row, first, out, count);
    case 7:
      return load_run<7>(row, first, out, count);
    default:
      std::memcpy(out, row + first, static_cast<std::size_t>(count));
  }
}

}  // namespace qtl::inline v0
