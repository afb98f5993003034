// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/tensor_info.hpp"

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

using namespace qtl::io;

TEST_CASE("every dtype has its own name, and the name leads back") {
  for (int i = 0; i <= static_cast<int>(dtype::u64); ++i) {
    dtype found{};
    CHECK(dtype_from_string(to_string(static_cast<dtype>(i)), found));
    CHECK(found == static_cast<dtype>(i));
  }
  dtype found = dtype::f64;
  CHECK(!dtype_from_string("F16 ", found));
  CHECK(!dtype_from_string("", found));
  CHECK(found == dtype::f64);
}

TEST_CASE("names and widths stand in the right rows") {
  static_assert(to_string(dtype::boolean) == "BOOL" && to_string(dtype::u64) == "U64");
  static_assert(to_string(dtype::f8_e4m3) == "F8_E4M3" &&
                to_string(dtype::f8_e5m2fnuz) == "F8_E5M2FNUZ");
  static_assert(to_string(dtype::bf16) == "BF16" && to_string(dtype::c64) == "C64");
  static_assert(bits_of(dtype::f4) == 4 && bits_of(dtype::f6_e3m2) == 6 &&
                bits_of(dtype::f8_e8m0) == 8);
  static_assert(bits_of(dtype::bf16) == 16 && bits_of(dtype::u32) == 32 &&
                bits_of(dtype::c64) == 64);
}

TEST_CASE("bytes of a tensor") {
  const auto bytes = [](dtype type, std::vector<std::int64_t> shape) {
    return tensor_bytes(type, shape);
  };
  CHECK(*bytes(dtype::f32, {}) == 4);
  CHECK(*bytes(dtype::f32, {2, 3}) == 24);
  CHECK(*bytes(dtype::f4, {2, 3}) == 3);
  CHECK(*bytes(dtype::f6_e2m3, {4}) == 3);
  CHECK(*bytes(dtype::f64, {0, INT64_MAX}) == 0);
  CHECK(*bytes(dtype::u8, {1152921504606846975}) == 1152921504606846975);
  CHECK(bytes(dtype::u8, {-1}).why().code == qtl::error_code::invalid_argument);
  CHECK(bytes(dtype::u8, {INT64_MAX, INT64_MAX, 0}).why().code == qtl::error_code::overflow);
  CHECK(bytes(dtype::u8, {INT64_MAX}).why().code == qtl::error_code::overflow);
  CHECK(!bytes(dtype::f4, {3}).ok());
}
