// SPDX-License-Identifier: Apache-2.0
// tests/gpu/select_lists_test.cpp - what is chosen among the sizes that are shipped, for the layers
// of real models: a choice always, and no cliff.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/gpu/host/kernel_group.cuh"
#include "qtl/gpu/host/kernel_list.cuh"
#include "qtl/policy/presets.hpp"

namespace {

using namespace qtl;
using namespace qtl::gpu;

constexpr std::array devices{device_facts{"A100", 800, 800, 108, 163 * 1024, 40 << 20},
                             device_facts{"L40S", 890, 890, 142, 99 * 1024, 96 << 20},
                             device_facts{"H100", 900, 900, 132, 227 * 1024, 50 << 20},
                             device_facts{"B200", 1000, 1000, 148, 227 * 1024, 126 << 20},
                             device_facts{"RTX", 1200, 1200, 170, 99 * 1024, 96 << 20}};

// n and k: Llama 8B and 70B, a mixture of experts, and extents that are multiples of little.
constexpr std::array<std::array<std::int64_t, 2>, 12> layers{{{4096, 4096},
                                                              {6144, 4096},
                                                              {28672, 4096},
                                                              {4096, 14336},
                                                              {8192, 8192},
                                                              {10240, 8192},
                                                              {57344, 8192},
                                                              {8192, 28672},
                                                              {2112, 7168},
                                                              {576, 7168},
                                                              {4096, 10944},
                                                              {333, 8256}}};

// The cheapest of all of an entry's lists.
template<class Entry>
tile_choice best_of(const gemm_key& key, const gemm_shape& s) {
  tile_choice best;
  Entry::for_each_list(key, s, [&](const candidate_list& list) {
    const tile_choice one = select_tiles(list.product, list.tilings, *s.device);
    if (is_cheaper(one, best)) best = one;
  });
  return best;
}

// How many times as much one more token costs, at worst.
template<class Entry, class Pair>
double worst_jump() {
  double worst = 1;
  for (const device_facts& d : devices) {
    if (!is_listed<Entry>(d.target)) continue;
    CAPTURE(d.name.c_str());
    for (const auto& [n, k] : layers) {
      const gemm_key key =
          make_gemm_key(describe_linear<typename Pair::weight, typename Pair::activation>(),
                        output_kind::as_bf16, k);
      REQUIRE(Entry::accepts(key));
      double before = 0;
      for (std::int64_t m = 1; m <= 300; ++m) {
        const tile_choice choice = best_of<Entry>(key, {m, n, k, 1, &d});
        REQUIRE(choice.index >= 0);
        REQUIRE(choice.cycles >= before);
        if (before > 0) worst = std::max(worst, choice.cycles / before);
        before = choice.cycles;
      }
    }
  }
  return worst;
}

// At worst a second row of tiles: twice the waves, of which more are full and share L2 among more.
TEST_CASE("every m from 1 to 300, the sizes that are shipped") {
  CHECK(worst_jump<w8a8_entry<s8, s8>, w8a8>() < 2.2);
  CHECK(worst_jump<w8a8_sm90_entry<s8, s8>, w8a8>() < 2.2);
  CHECK(worst_jump<fp8_entry<e4m3, e4m3>, fp8>() < 2.2);
  CHECK(worst_jump<fp8_sm90_entry<e4m3, e4m3>, fp8>() < 2.2);
  CHECK(worst_jump<fp8_block_sm90_entry<e4m3, e4m3>, fp8_block>() < 2.2);
  CHECK(worst_jump<s4s4_entry<s4, s4>, w4a4>() < 2.2);
  CHECK(worst_jump<weight_only_entry<s4, f16, f16>, w4a16>() < 2.2);
  CHECK(worst_jump<weight_only_entry<s4, s8>, w4a8_channel>() < 2.2);
  CHECK(worst_jump<weight_only_sm90_entry<s4, f16, f16>, w4a16>() < 2.2);
  CHECK(worst_jump<weight_only_sm90_entry<s4, s8>, w4a8_channel>() < 2.2);
}

TEST_CASE("few tokens on Hopper are columns of a tile that has no more than they need") {
  const device_facts& h100 = devices[2];
  for (const auto& [n, k] : layers) {
    const gemm_key key =
        make_gemm_key(describe_linear<w8a8::weight, w8a8::activation>(), output_kind::as_bf16, k);
    for (const std::int64_t m : {1, 8, 16, 32}) {
      gemm_plan plan;
      w8a8_sm90_entry<s8, s8>::plan(key, {m, n, k, 1, &h100}, plan);
      REQUIRE(plan.variant.view().starts_with("wgmma "));
      const tile_sizes& t = w8a8_sm90_entry<s8, s8>::tilings[static_cast<std::size_t>(plan.choice)];
      CHECK(t.tile_m < 2 * std::max<std::int64_t>(m, 16));
    }
  }
}

TEST_CASE("a plan says what was chosen, and carries it") {
  const device_facts& h100 = devices[2];
  const gemm_key key =
      make_gemm_key(describe_linear<w8a8::weight, w8a8::activation>(), output_kind::as_bf16, 4096);
  using entry = w8a8_sm90_entry<s8, s8>;
  for (const std::int64_t m : {1, 16, 64, 65, 333, 4096}) {
    const gemm_shape s{m, 4096, 4096, 1, &h100};
    gemm_plan plan;
    entry::plan(key, s, plan);
    const tile_choice best = best_of<entry>(key, s);
    CHECK(plan.choice == best.index);
    CHECK(plan.splits == best.splits);
    CHECK(plan.variant.view().starts_with(plan.family == 1 ? "wgmma " : "mma "));
    CHECK(plan.workspace_size >= 0);
  }
}

}  // namespace
