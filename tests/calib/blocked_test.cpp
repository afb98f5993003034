// SPDX-License-Identifier: Apache-2.0
// tests/calib/blocked_test.cpp - an observer per block equals an observer for each block's
// elements.
#include "qtl/calib/blocked.hpp"

#include <doctest/doctest.h>

#include "qtl/calib/percentile.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::noise_matrix;

// Two batches through a blocked observer and, block by block, through plain ones.
template<class O, class G>
void check_equals_separate(std::int64_t rows, std::int64_t later_rows, std::int64_t cols) {
  CAPTURE(short_name(G::name).c_str());
  CAPTURE(cols);
  const matrix<float> batches[] = {noise_matrix(rows, cols, 1), noise_matrix(later_rows, cols, 2)};
  blocked_observer<O, G> blocked;
  for (const matrix<float>& x : batches) REQUIRE(blocked.observe(x).ok());
  const block_grid g = make_block_grid(rows, cols, G::block_rows, G::block_cols);
  REQUIRE(blocked.size() == g.size());
  value_range all = blocked.block(0).range();
  for_each_block(g, rows, cols, [&](const block_extent& b) {
    O alone;
    for (const matrix<float>& x : batches) {
      const std::int64_t height = G::block_rows == 0 ? x.rows() : b.rows;
      CHECK(alone.observe(block_of(x.view(), {b.index, b.row, height, b.col, b.cols})).ok());
    }
    CHECK(blocked.block(b.index).save() == alone.save());
    all.min = alone.range().min < all.min ? alone.range().min : all.min;
    all.max = alone.range().max > all.max ? alone.range().max : all.max;
  });
  CHECK(blocked.range().min == all.min);
  CHECK(blocked.range().max == all.max);
}

TEST_CASE("blocked: per channel, group, block, column and tensor equal separate observers") {
  for (const std::int64_t cols : {1, 5, 16, 33, 70}) {
    check_equals_separate<minmax_observer, per_channel>(7, 7, cols);
    check_equals_separate<percentile_observer, per_token>(3, 3, cols);
    check_equals_separate<minmax_observer, per_group<32>>(4, 4, cols);
    check_equals_separate<minmax_observer, per_block<3, 8>>(7, 7, cols);
    check_equals_separate<minmax_observer, per_columns<1>>(7, 9, cols);
    check_equals_separate<percentile_observer, per_columns<3>>(2, 5, cols);
    check_equals_separate<minmax_observer, per_columns<32>>(7, 1, cols);
    check_equals_separate<percentile_observer, per_tensor>(7, 1, cols);
  }
}

TEST_CASE("blocked: the first batch fixes the width, and the height where blocks have one") {
  blocked_observer<minmax_observer, per_channel> channels;
  CHECK(channels.grid().size() == 0);
  CHECK(channels.observe(noise_matrix(4, 6, 1)).ok());
  const auto before = channels.save();
  const status wide = channels.observe(noise_matrix(4, 7, 1));
  CHECK(wide.code == error_code::shape_mismatch);
  CHECK(wide.dimension == 1);
  CHECK(wide.expected == 6);
  CHECK(wide.actual == 7);
  CHECK(channels.observe(noise_matrix(5, 6, 1)).dimension == 0);
  CHECK(channels.save() == before);
  CHECK(channels.grid().rows == 4);

  blocked_observer<minmax_observer, per_columns<2>> columns;
  CHECK(columns.observe(noise_matrix(4, 6, 1)).ok());
  CHECK(columns.observe(noise_matrix(90, 6, 2)).ok());
  CHECK(columns.observe(noise_matrix(4, 5, 1)).code == error_code::shape_mismatch);
  CHECK(columns.size() == 3);
  columns.reset();
  CHECK(columns.observe(noise_matrix(4, 5, 1)).ok());
}

TEST_CASE("blocked: merge refuses other extents and other options") {
  using observer = blocked_observer<percentile_observer, per_columns<1>>;
  observer a;
  observer b;
  CHECK(a.observe(noise_matrix(4, 6, 1)).ok());
  CHECK(b.observe(noise_matrix(4, 7, 1)).ok());
  const auto before = a.save();
  CHECK(a.merge(b).code == error_code::shape_mismatch);
  CHECK(a.save() == before);
  const observer other(*percentile_observer::make(99.99));
  CHECK(a.merge(other).code == error_code::invalid_argument);
  observer empty;
  CHECK(empty.merge(other).code == error_code::invalid_argument);
  CHECK(empty.empty());
}

TEST_CASE(
    "blocked: options come from the prototype, its samples do not, and both survive save and reset") {
  percentile_observer prototype = *percentile_observer::make(99.99);
  CHECK(prototype.observe(noise_matrix(1, 1, 1)).ok());
  using observer = blocked_observer<percentile_observer, per_channel>;
  observer o(prototype);
  CHECK(o.empty());
  CHECK(o.observe(noise_matrix(2, 5, 1)).ok());
  CHECK(o.block(1).upper() == 99.99);
  CHECK(o.block(1).counts().total() == 5);
  o.reset();
  observer back = *observer::load(o.save());
  CHECK(back.observe(noise_matrix(2, 5, 1)).ok());
  CHECK(back.block(0).upper() == 99.99);
}

TEST_CASE("blocked: names say what and where") {
  CHECK(blocked_observer<minmax_observer, per_channel>::name == "minmax per_channel");
  CHECK(blocked_observer<minmax_observer, per_columns<1>>::name == "minmax per_columns<1>");
}

TEST_CASE("blocked: load bounds what the extents claim") {
  using observer = blocked_observer<minmax_observer, per_group<1>>;
  for (const std::int64_t huge : {std::int64_t{1} << 20, std::int64_t{1} << 40, INT64_MAX}) {
    observer_writer out;
    out.put(huge).put(huge).put_bytes(minmax_observer{}.save()).put(std::uint64_t{0});
    CHECK(observer::load(out.finish("blocked minmax per_group<1>")).why().code ==
          error_code::malformed_file);
  }
}

}  // namespace
