// SPDX-License-Identifier: Apache-2.0
// tests/ops/runs_test.cpp - the loops over runs equal the functions of one element: codes, packing,
// reals.
#include "qtl/ops/runs.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;

// Reals where rounding decides: integers and halves with their neighbours, the ends of f32, NaN,
// and every 65521st float.
const std::vector<float>& telling_reals() {
  static const std::vector<float> reals = [] {
    std::vector<float> v{0.0f,       -0.0f,         infinity,       -infinity,     quiet_nan,
                         -quiet_nan, largest_float, -largest_float, smallest_float};
    for (int half = -700; half <= 700; ++half) {
      const float x = static_cast<float>(half) * 0.5f;
      for (const float y : {x, std::nextafter(x, infinity), std::nextafter(x, -infinity)})
        v.push_back(y);
    }
    for (int e = 0; e < 128; ++e)
      for (const float y : {power_of_two(e), -power_of_two(e), 1.5f * power_of_two(e) - 0.5f})
        v.push_back(y);
    for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 65521)
      v.push_back(float_from_bits(static_cast<std::uint32_t>(bits)));
    return v;
  }();
  return reals;
}

template<QuantPolicy P>
void check_encode(const qparams<P>& p) {
  using F = typename P::format;
  const std::vector<float>& x = telling_reals();
  const auto count = static_cast<std::int64_t>(x.size());
  std::vector<std::byte> row(static_cast<std::size_t>(packed_bytes(count, F::bits)));
  encode_run<P>(x.data(), 1, count, p, row.data(), 3, 0);
  std::int64_t wrong = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const auto expected =
        to_bits<F>(encode_element<P>(x[static_cast<std::size_t>(j)], p, element_rounding<P>(3, j)));
    wrong += load_code<F::bits>(row.data(), j) != expected ? 1 : 0;
  }
  CHECK(wrong == 0);

  // The same, with steps of three between the reals.
  std::vector<float> spread(x.size() * 3, 99.0f);
  for (std::size_t j = 0; j < x.size(); ++j) spread[3 * j] = x[j];
  std::vector<std::byte> other(row.size());
  encode_run<P>(spread.data(), 3, count, p, other.data(), 3, 0);
  CHECK(other == row);

  std::vector<float> y(x.size());
  decode_run<P>(row.data(), 0, count, p, y.data(), 1);
  std::int64_t misread = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const float expected = decode_element<P>(from_bits<F>(load_code<F::bits>(row.data(), j)), p);
    misread += qtl_test::same_float(y[static_cast<std::size_t>(j)], expected) ? 0 : 1;
  }
  CHECK(misread == 0);
}

TEST_CASE("runs of codes equal element by element") {
  for (const float scale : {1.0f, 0.3f, -0.7f, 1e-30f, 1e30f, smallest_float, quiet_nan}) {
    CAPTURE(scale);
    check_encode<policy<s8>>({scale, {}});
    check_encode<policy<s4, symmetric_full_clamp>>({scale, {}});
    check_encode<policy<s3, symmetric_half_step>>({scale, {}});
    for (const int zero : {0, 1, 127, 255})
      check_encode<policy<u8, affine>>({scale, static_cast<std::uint8_t>(zero)});
    check_encode<policy<s8, affine>>({scale, std::int8_t{-128}});
    check_encode<policy<u1, affine>>({scale, std::uint8_t{1}});
    check_encode<policy<u8, affine_as_is>>({scale, -100000});
    check_encode<policy<u4, affine_float_shift>>({scale, 2.75f});
    check_encode<policy<s8, symmetric, per_tensor, round_nearest_away>>({scale, {}});
    check_encode<policy<s5, symmetric, per_tensor, round_stochastic<2>>>({scale, {}});
    check_encode<policy<e4m3>>({scale, {}});
    check_encode<policy<e2m1>>({scale, {}});
    check_encode<policy<nf4, symmetric, per_group<64>>>({scale, {}});
    check_encode<policy<s2f6>>({scale, {}});
  }
  check_encode<policy<f16, unscaled>>({});
  check_encode<policy<bf16, unscaled>>({});
}

// store_run and load_run against store_code and load_code, at every start and length; neighbours
// keep their bits.
template<int Bits>
void check_packing() {
  std::vector<std::uint8_t> raw(300);
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<std::uint8_t>(counter_random(9, i) & ((1u << Bits) - 1u));
  for (std::int64_t first = 0; first < 18; ++first)
    for (const std::int64_t count : {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 64, 65, 255}) {
      std::vector<std::byte> fast(static_cast<std::size_t>(packed_bytes(first + count, Bits)) + 3,
                                  std::byte{0x5A});
      std::vector<std::byte> slow = fast;
      store_run<Bits>(fast.data(), first, raw.data(), count);
      for (std::int64_t i = 0; i < count; ++i)
        store_code<Bits>(slow.data(), first + i, raw[static_cast<std::size_t>(i)]);
      REQUIRE(fast == slow);
      std::vector<std::uint8_t> back(static_cast<std::size_t>(count) + 1, 0xEE);
      load_run<Bits>(slow.data(), first, back.data(), count);
      for (std::int64_t i = 0; i < count; ++i)
        REQUIRE(back[static_cast<std::size_t>(i)] == raw[static_cast<std::size_t>(i)]);
      REQUIRE(back.back() == 0xEE);
    }
}

TEST_CASE("packed runs equal code by code") {
  check_packing<1>();
  check_packing<2>();
  check_packing<3>();
  check_packing<4>();
  check_packing<5>();
  check_packing<6>();
  check_packing<7>();
  check_packing<8>();
}

}  // namespace
