// SPDX-License-Identifier: Apache-2.0
// tests/calib/observers_test.cpp - what every shipped observer owes: merge, reset, save, load,
// refusals.
#include "qtl/calib/observers.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_from;
using qtl_test::noise_matrix;

constexpr std::int64_t rows = 6;
constexpr std::int64_t cols = 70;

matrix<float> batch(std::uint64_t seed) { return noise_matrix(rows, cols, seed); }

// Few bins lie between these values, so that states stay short.
matrix<float> narrow_batch() {
  return matrix_from(rows, cols, [](std::int64_t i, std::int64_t j) {
    return 1.0f + static_cast<float>(i + j) * 0x1p-14f;
  });
}

// Sums of reals depend on their order; the others count and compare.
template<class O>
inline constexpr bool sums_reals = false;
template<>
inline constexpr bool sums_reals<moving_average_observer> = true;
template<>
inline constexpr bool sums_reals<sawb_observer> = true;
template<class O, class G>
inline constexpr bool sums_reals<blocked_observer<O, G>> = sums_reals<O>;

template<class O>
void check_same(const O& a, const O& b) {
  if constexpr (sums_reals<O>) {
    CHECK(a.range().min == doctest::Approx(b.range().min).epsilon(1e-6));
    CHECK(a.range().max == doctest::Approx(b.range().max).epsilon(1e-6));
  } else {
    CHECK(a.save() == b.save());
  }
}

template<class F>
void for_each_observer(F&& f) {
  for_each_type(shipped_observers{}, [&]<class O>() {
    CAPTURE(short_name(O::name).c_str());
    static_assert(Observer<O>);
    f.template operator()<O>();
  });
}

TEST_CASE("observers: shards, merged in the order of their batches, are one pass") {
  for_each_observer([]<class O>() {
    O whole;
    O first;
    O second;
    O third;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const matrix<float> x = batch(seed);
      CHECK(whole.observe(x).ok());
      CHECK((seed < 1 ? first : seed < 3 ? second : third).observe(x).ok());
    }
    O left = first;
    CHECK(left.merge(second).ok());
    CHECK(left.merge(third).ok());
    check_same(left, whole);
    O right = second;
    CHECK(right.merge(third).ok());
    O joined = first;
    CHECK(joined.merge(right).ok());
    check_same(joined, whole);

    O none;
    CHECK(none.merge(O{}).ok());
    CHECK(none.empty());
    CHECK(none.merge(whole).ok());
    CHECK(none.save() == whole.save());
    CHECK(none.merge(O{}).ok());
    CHECK(none.save() == whole.save());
  });
}

TEST_CASE("observers: merging with itself is allowed") {
  for_each_observer([]<class O>() {
    O twice;
    CHECK(twice.observe(batch(1)).ok());
    O copy = twice;
    CHECK(twice.merge(twice).ok());
    CHECK(copy.merge(O(copy)).ok());
    CHECK(twice.save() == copy.save());
  });
}

TEST_CASE("observers: save and load give the same bytes and the same range, empty or not") {
  for_each_observer([]<class O>() {
    O o;
    for (int round = 0; round < 3; ++round) {
      const std::vector<std::byte> bytes = o.save();
      const result<O> back = O::load(bytes);
      REQUIRE(back.ok());
      CHECK(back->save() == bytes);
      CHECK(back->empty() == o.empty());
      CHECK(back->range().min == o.range().min);
      CHECK(back->range().max == o.range().max);
      CHECK(o.observe(batch(static_cast<std::uint64_t>(round))).ok());
    }
  });
}

TEST_CASE("observers: load refuses every prefix, every changed byte, anything appended") {
  for_each_observer([]<class O>() {
    O o;
    CHECK(o.observe(narrow_batch()).ok());
    std::vector<std::byte> bytes = o.save();
    REQUIRE(bytes.size() < 20000);
    const std::size_t step = bytes.size() > 4000 ? 7 : 1;
    int accepted = 0;
    for (std::size_t size = 0; size < bytes.size(); size += step)
      accepted += O::load(std::span(bytes).first(size)).ok() ? 1 : 0;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      bytes[i] ^= std::byte{0x10};
      accepted += O::load(bytes).ok() ? 1 : 0;
      bytes[i] ^= std::byte{0x10};
    }
    CHECK(accepted == 0);
    bytes.push_back(std::byte{0});
    CHECK(O::load(bytes).why().code == error_code::malformed_file);
  });
}

TEST_CASE("observers: the bytes of one are not those of another") {
  int pairs = 0;
  for_each_observer([&]<class Saved>() {
    Saved saved;
    CHECK(saved.observe(narrow_batch()).ok());
    const std::vector<std::byte> bytes = saved.save();
    for_each_observer([&]<class Loaded>() {
      CHECK(Loaded::load(bytes).ok() == std::is_same_v<Saved, Loaded>);
      ++pairs;
    });
  });
  CHECK(pairs == static_cast<int>(shipped_observers::size * shipped_observers::size));
}

TEST_CASE("observers: NaN and Inf are refused by row and column, and change nothing") {
  for_each_observer([]<class O>() {
    O o;
    for (int round = 0; round < 2; ++round) {
      const std::vector<std::byte> before = o.save();
      for (const float bad : {quiet_nan, infinity, -infinity}) {
        matrix<float> x = batch(7);
        x(4, 33) = bad;
        x(5, 0) = bad;
        const status s = o.observe(x);
        CHECK(s.code == error_code::not_finite);
        CHECK(s.expected == 4);
        CHECK(s.actual == 33);
        CHECK(s.message.view().find("row 4, column 33") != std::string_view::npos);
        CHECK(o.save() == before);
      }
      CHECK(o.observe(batch(8)).ok());
    }
  });
}

TEST_CASE("observers: empty until an element was seen, and again after reset") {
  for_each_observer([]<class O>() {
    O o;
    const std::vector<std::byte> fresh = o.save();
    CHECK(o.empty());
    CHECK(o.range().min == 0.0f);
    CHECK(o.range().max == 0.0f);
    CHECK(o.observe(*matrix<float>::make(0, cols)).ok());
    CHECK(o.observe(*matrix<float>::make(3, 0)).ok());
    CHECK(o.empty());
    CHECK(o.observe(batch(1)).ok());
    CHECK_FALSE(o.empty());
    o.reset();
    CHECK(o.empty());
    CHECK(o.save() == fresh);
    CHECK(o.observe(*matrix<float>::make(2, 3)).ok());  // another shape, all zero
    CHECK(o.range().min == 0.0f);
    CHECK(o.range().max == 0.0f);
  });
}

TEST_CASE("observers: strides do not matter") {
  for_each_observer([]<class O>() {
    const matrix<float> x = batch(3);
    matrix<float> transposed = *matrix<float>::make(cols, rows);
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < cols; ++j) transposed(j, i) = x(i, j);
    O straight;
    O strided;
    CHECK(straight.observe(x).ok());
    CHECK(strided.observe(matrix_view<const float>(transposed.data(), rows, cols, 1, rows)).ok());
    check_same(strided, straight);
  });
}

TEST_CASE("observers: a range is ordered, finite, and holds for the ends of f32") {
  for_each_observer([]<class O>() {
    for (const float scale : {largest_float, 0x1p-126f, smallest_float}) {
      O o;
      matrix<float> x = *matrix<float>::make(2, 3);
      x(0, 0) = scale;
      x(1, 2) = -scale;
      CHECK(o.observe(x).ok());
      const value_range r = o.range();
      CHECK(is_finite(r.min));
      CHECK(is_finite(r.max));
      CHECK(r.min <= r.max);
      CHECK(O::load(o.save()).ok());
    }
  });
}

}  // namespace
