// SPDX-License-Identifier: Apache-2.0
// tests/gpu/tile_cost_test.cpp - the model's arithmetic against examples worked by hand.
#include "qtl/gpu/host/tile_cost.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/host/explain.hpp"

namespace {

using namespace qtl;
using namespace qtl::gpu;

constexpr device_facts h100{"H100", 900, 900, 132, 227 * 1024, 50 << 20};
// 132 multiprocessors at 1.83 GHz.
constexpr double clock = 1.83e9;

// One block a multiprocessor, which loads while it finishes.
constexpr tile_sizes wide{"128x256x4", 128, 256,    128, 2, 1,
                          4,           1,   196608, 1,   1, finish_overlap::loads};
constexpr tile_sizes pair_of_wide{"128x256x4p",         256, 256, 128, 2, 1, 4, 1, 196608, 1, 2,
                                  finish_overlap::loads};
constexpr tile_sizes turns{
    "128x128x6t", 128, 128, 128, 1, 1, 6, 1, 196608, 1, 1, finish_overlap::products};
// Two blocks a multiprocessor, which begin anew.
constexpr tile_sizes small{"64x64x3", 64, 64, 128, 2, 2, 3, 2, 49152, 16};

constexpr product_shape product(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {m, n, k, arithmetic_unit::wgmma_8bit, 8, 8, 16};
}

TEST_CASE("published figures give the rates that the hardware counts") {
  CHECK(rates_of(900).wide_products == doctest::Approx(4096).epsilon(0.01));
  CHECK(rates_of(800).products == doctest::Approx(2048).epsilon(0.01));
  CHECK(rates_of(890).products == doctest::Approx(1024).epsilon(0.01));
  CHECK(rates_of(1200).products == doctest::Approx(1024).epsilon(0.01));
  CHECK(unit_rate(arithmetic_unit::f16, 800) == doctest::Approx(1024).epsilon(0.01));
  CHECK(unit_rate(arithmetic_unit::wgmma_16bit, 900) == doctest::Approx(2048).epsilon(0.01));
  // FP8 is native on sm_89 and sm_120a, 4 bits on 8.x.
  CHECK(unit_rate(arithmetic_unit::fp8, 890) == unit_rate(arithmetic_unit::s8, 890));
  CHECK(unit_rate(arithmetic_unit::fp8, 900) < 0.5 * unit_rate(arithmetic_unit::s8, 900));
  CHECK(unit_rate(arithmetic_unit::s4, 800) == 2 * unit_rate(arithmetic_unit::s8, 800));
  CHECK(unit_rate(arithmetic_unit::s4, 900) < unit_rate(arithmetic_unit::s8, 900));
}

TEST_CASE("waves") {
  // 4096 x 4096 in tiles of 128 x 256: 32 x 16 = 512 tiles, three times 132 and 116 more.
  wave_count w = waves_of(product(4096, 4096, 4096), wide, 1, h100);
  CHECK(w.places == 132);
  CHECK(w.full == 3);
  CHECK(w.tail == 116);
  CHECK(w.waves() == 4);
  CHECK(w.filled() == doctest::Approx(512.0 / 528.0));
  // Pairs: 66 places for 16 x 16 = 256 tiles of 256 x 256.
  w = waves_of(product(4096, 4096, 4096), pair_of_wide, 1, h100);
  CHECK(w.places == 66);
  CHECK(w.full == 3);
  CHECK(w.tail == 58);
  // Two blocks a multiprocessor, 3 splits: 264 places for 1 x 64 x 3 = 192 items.
  w = waves_of(product(17, 4096, 4096), small, 3, h100);
  CHECK(w.places == 264);
  CHECK(w.full == 0);
  CHECK(w.tail == 192);
  CHECK(w.waves() == 1);
  // 132 tiles exactly: no tail.
  w = waves_of(product(128, 132 * 256, 64), wide, 1, h100);
  CHECK(w.full == 1);
  CHECK(w.tail == 0);
  CHECK(w.filled() == 1.0);
  CHECK(waves_of(product(0, 4096, 4096), wide, 1, h100).waves() == 0);
}

TEST_CASE("a product of one full wave, term by term") {
  // 132 tiles of 128 x 256 x 4096: each is 128 256 4096 / 4096 = 32768 cycles of the tensor cores.
  const tile_cost c = modelled_cost(product(128, 132 * 256, 4096), wide, 1, h100);
  CHECK(c.tensor == doctest::Approx(32768).epsilon(0.01));
  // 32 slabs. Out of shared memory each of two warpgroups reads its 64 x 128 and all of 256 x 128.
  CHECK(c.shared == doctest::Approx(32 * (128 * 128 + 2 * 256 * 128) / 128.0));
  // Out of L2 132 blocks read 384 rows of 4096 bytes, at 5120 bytes a cycle.
  CHECK(c.l2_bytes == doctest::Approx(132.0 * 384 * 4096));
  CHECK(c.l2 == doctest::Approx(132.0 * 384 * 4096 / 5120));
  // Three of four stages are under way while 800 cycles pass.
  CHECK(c.waiting == doctest::Approx(32 * 800.0 / 3));
  // Operands and 16-bit outputs once, at 3 TB/s.
  const double bytes = 128.0 * 4096 + 132.0 * 256 * 4096 + 128.0 * 132 * 256 * 2;
  CHECK(c.memory_bytes == doctest::Approx(bytes));
  CHECK(c.memory == doctest::Approx(bytes / 3e12 * clock));
  // 8 operations for each of 32768 outputs on 128 lanes; more than 2 bytes of each at 64 a cycle.
  CHECK(c.finish == doctest::Approx(2048));
  CHECK(c.gather == 0);
  CHECK(c.start == doctest::Approx(2.5e-6 * clock + 800));
  // The wave takes as long as its slowest, L2; memory takes still longer, so it bounds all.
  CHECK(c.l2 > c.tensor);
  CHECK(c.busy == doctest::Approx(c.l2 + c.finish + c.start));
  CHECK(c.total == doctest::Approx(c.memory + c.start));
  CHECK(std::string(bound_of(c)) == "device memory");
}

TEST_CASE("what a cluster shares") {
  // One tile of the pair: each block has 128 of the 256 tokens, both have the weights.
  const product_shape p = product(256, 256, 128);
  const tile_cost alone = modelled_cost(p, wide, 1, h100);
  const tile_cost both = modelled_cost(p, pair_of_wide, 1, h100);
  CHECK(alone.l2_bytes == 2.0 * (128 + 256) * 128);
  CHECK(both.l2_bytes == (256.0 + 256) * 128);
  CHECK(both.tensor == alone.tensor);
  CHECK(both.shared == alone.shared);
}

TEST_CASE("what goes on while outputs are finished") {
  // k of one slab: finishing takes longer than multiplying.
  const product_shape p = product(128, 2 * 132 * 128, 128);
  const tile_cost hidden = modelled_cost(p, turns, 1, h100);
  CHECK(hidden.finish == doctest::Approx(1024));  // of the last tile alone
  tile_sizes in_line = turns;
  in_line.overlap = finish_overlap::loads;
  const tile_cost shown = modelled_cost(p, in_line, 1, h100);
  CHECK(shown.finish == doctest::Approx(2 * 1024));
  CHECK(shown.start == hidden.start);
  CHECK(hidden.busy < shown.busy);
  in_line.overlap = finish_overlap::nothing;
  const tile_cost anew = modelled_cost(p, in_line, 1, h100);
  // Pipelines are filled in both waves, not only in the first.
  CHECK(anew.start == doctest::Approx(shown.start + 800.0));
  CHECK(anew.busy == doctest::Approx(shown.busy + 800.0));
}

TEST_CASE("what a split costs") {
  const product_shape p = product(16, 4096, 8192);
  const tile_cost one = modelled_cost(p, small, 1, h100);
  const tile_cost four = modelled_cost(p, small, 4, h100);
  CHECK(one.waiting == doctest::Approx(64 * 800.0 / 2));
  CHECK(four.waiting == doctest::Approx(16 * 800.0 / 2));
  // One block adds up 4 x 64 x 64 sums of 4 bytes from L2, finishes them, and three times waits
  // for memory; a node of the graph zeroes the counters.
  CHECK(four.gather ==
        doctest::Approx(4 * 64 * 64 * 4 / 64.0 + 64 * 64 * 8 / 128.0 + 3 * 800.0 + 1.0e-6 * clock));
  CHECK(one.gather == 0);
  CHECK(four.total > four.gather);
}

TEST_CASE("device memory, in the order of tiles") {
  // 8192^2 tokens of 8 bits are 64 MiB; half of L2 keeps 25 MiB. 64 x 32 tiles in bands of 8 rows.
  const double side = 8192.0 * 8192;
  CHECK(cost::memory_bytes(product(8192, 8192, 8192), wide, 132, h100) ==
        // weights for each of 8 bands; a band's tokens (8 MiB) stay; outputs of 2 bytes
        doctest::Approx(8 * side + side + 2 * side));
  // 4096^2 weights are 16 MiB and stay: everything crosses once.
  CHECK(cost::memory_bytes(product(8192, 4096, 4096), wide, 132, h100) ==
        doctest::Approx(4096.0 * 4096 + 8192.0 * 4096 + 2 * 8192.0 * 4096));
  // k = 28672: a band of 1024 tokens has 28 MiB and comes again for each of its
  // ceil(8 x 32 / 132) = 2 waves.
  CHECK(cost::memory_bytes(product(1024, 8192, 28672), wide, 132, h100) ==
        doctest::Approx(8192.0 * 28672 + 2 * 1024.0 * 28672 + 2 * 1024.0 * 8192));
}

TEST_CASE("every candidate costs more for more tokens") {
  for (const tile_sizes& t : {wide, pair_of_wide, turns, small})
    for (const int splits : {1, 4}) {
      double before = 0;
      for (std::int64_t m = 1; m < 3000; m += 1 + m / 37) {
        const tile_cost c = modelled_cost(product(m, 6144, 8192), t, splits, h100);
        REQUIRE(c.total >= before);
        REQUIRE(c.total >= c.busy);
        before = c.total;
      }
    }
}

TEST_CASE("nothing to do costs a launch") {
  for (const product_shape& p : {product(0, 64, 64), product(64, 0, 64)})
    CHECK(modelled_cost(p, small, 1, h100).total ==
          doctest::Approx(2.5e-6 * clock + 800).epsilon(1e-6));
  CHECK(modelled_cost(product(64, 64, 0), small, 1, h100).tensor == 0);
}

TEST_CASE("refusals say why in a line") {
  const product_shape p = product(64, 512, 1024);
  device_facts d = h100;
  const auto said = [&](const tile_sizes& t, int splits, const product_shape& asked) {
    return std::string(refusal_text(refusal_of(asked, t, splits, d), asked, t, splits, d).view());
  };
  CHECK(said(small, 1, p) == "");
  CHECK(said(small, 4, p) == "");
  CHECK(said(small, 6, p) == "k has 8 slabs, 6 splits want 12");
  CHECK(said(wide, 2, p) == "the kernel shares k among at most 1 blocks");
  CHECK(said(small, 24, product(64, 512, 65536)) == "the kernel shares k among at most 16 blocks");
  CHECK(said(small, 2, product(8192, 8192, 8192)) == "partial sums of more than 64 MiB");
  d.shared_per_block = 99 * 1024;
  CHECK(said(wide, 1, p) == "needs 196608 bytes of shared memory, a block has 101376");
  d = h100;
  d.multiprocessors = 1;
  CHECK(said(pair_of_wide, 1, p) == "a cluster needs 2 multiprocessors, the device has 1");
}

TEST_CASE("an explanation names the winner, the next, and every refusal") {
  const std::array lists{
      candidate_list{"wgmma", product(16, 4096, 4096), std::span(&wide, 1)},
      candidate_list{"mma", product(16, 4096, 4096), std::span(&small, 1)},
  };
  const std::string text = explain_choice(lists, h100, 3);
  const auto has = [&](const char* words) { return text.find(words) != std::string::npos; };
  CHECK(text.starts_with("thousands of cycles "));
  CHECK(has("taken: mma 64x64x3, 10.1 us at 1.83 GHz in the model, bound by loads under way\n"));
  CHECK(has("next: mma 64x64x3, 2 splits, 12.5 % dearer; adding up splits: 5.0 against 0.0"));
  CHECK(has("and 6 more, up to "));
  CHECK(has("refused: wgmma 128x256x4, 2 to 16 splits: the kernel shares k among at most 1"));
  // The line of a candidate has its waves: 16 tiles of 256 columns on 132 multiprocessors.
  CHECK(explain_choice(lists, h100).find("wgmma 128x256x4                   1 +  12 %") !=
        std::string::npos);
  device_facts none = h100;
  none.shared_per_block = 0;
  const std::string refusals = explain_choice(lists, none);
  CHECK(refusals.starts_with("nothing may run\n"));
  CHECK(refusals.find("refused: mma 64x64x3, 1 to 16 splits: needs 49152") != std::string::npos);
}

}  // namespace
