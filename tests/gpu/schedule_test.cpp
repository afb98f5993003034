// SPDX-License-Identifier: Apache-2.0
// tests/gpu/schedule_test.cpp - the order of tiles, the parts of k and the swizzle: host
// arithmetic.
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/gpu/scheduler/split_k.cuh"
#include "qtl/gpu/scheduler/tile_order.cuh"
#include "qtl/gpu/tile/swizzle.cuh"

namespace {

using namespace qtl;

TEST_CASE("every tile has one number, and tiles of a super-row are neighbours") {
  for (std::int64_t tiles_m = 1; tiles_m <= 19; ++tiles_m)
    for (std::int64_t tiles_n = 1; tiles_n <= 7; ++tiles_n) {
      const gpu::tile_order order{tiles_m, tiles_n};
      std::set<std::pair<std::int64_t, std::int64_t>> seen;
      for (std::int64_t index = 0; index < order.tiles(); ++index) {
        const gpu::tile_place place = order.at(index);
        CHECK(place.m >= 0);
        CHECK(place.m < tiles_m);
        CHECK(place.n >= 0);
        CHECK(place.n < tiles_n);
        seen.insert({place.m, place.n});
        if (index == 0) continue;
        const gpu::tile_place before = order.at(index - 1);
        const bool down = place.n == before.n && place.m == before.m + 1;
        const bool right = place.n == before.n + 1;
        const bool next_super_row = place.n == 0 && place.m == before.m + 1;
        CHECK((down || right || next_super_row));
      }
      CHECK(static_cast<std::int64_t>(seen.size()) == order.tiles());
    }
}

TEST_CASE("the parts of k follow each other and differ by one slab at most") {
  for (std::int64_t slabs = 0; slabs <= 40; ++slabs)
    for (std::int64_t splits = 1; splits <= 12; ++splits) {
      std::int64_t next = 0;
      for (std::int64_t split = 0; split < splits; ++split) {
        const gpu::slab_range range = gpu::split_slabs(slabs, split, splits);
        CHECK(range.first == next);
        CHECK(range.count() >= slabs / splits);
        CHECK(range.count() <= slabs / splits + 1);
        next = range.last;
      }
      CHECK(next == slabs);
    }
}

TEST_CASE("one split needs no workspace") {
  CHECK(gpu::split_k_counter_bytes(100, 1) == 0);
  CHECK(gpu::split_k_partial_bytes(100, 1, 128 * 128) == 0);
  CHECK(gpu::split_k_counter_bytes(100, 2) == 448);
  CHECK(gpu::split_k_partial_bytes(100, 2, 128) == 100 * 2 * 128 * 4);
}

/// Any eight neighbouring rows keep the same chunk in 128 different bytes modulo 128.
template<int RowBytes>
void check_swizzle() {
  using rows = gpu::swizzled_rows<RowBytes>;
  std::set<std::uint32_t> all;
  for (std::uint32_t first = 0; first < 32; first += 8)
    for (std::uint32_t chunk = 0; chunk < RowBytes / 16; ++chunk) {
      std::set<std::uint32_t> banks;
      for (std::uint32_t row = first; row < first + 8; ++row) {
        banks.insert(rows::offset(row, chunk) % 128);
        all.insert(rows::offset(row, chunk));
        CHECK(rows::offset(row + 8, chunk) == rows::offset(row, chunk) + 8 * RowBytes);
        CHECK(rows::offset(row, chunk) / RowBytes == row);
      }
      CHECK(banks.size() == 8);
    }
  CHECK(all.size() == 32 * RowBytes / 16);
}

TEST_CASE("the swizzle moves chunks within their row, without bank conflicts") {
  check_swizzle<32>();
  check_swizzle<64>();
  check_swizzle<128>();
  check_swizzle<256>();
}

}  // namespace
