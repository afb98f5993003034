// SPDX-License-Identifier: Apache-2.0
// tests/gpu/select_test.cpp - tile sizes are chosen by arithmetic: legal, and without cliffs.
#include "qtl/gpu/host/select.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace qtl;
using namespace qtl::gpu;

constexpr device_facts device(int capability) {
  switch (capability) {
    case 800:
      return {"A100", 800, 800, 108, 163 * 1024, 40 << 20};
    case 890:
      return {"L40S", 890, 890, 142, 99 * 1024, 96 << 20};
    case 900:
      return {"H100", 900, 900, 132, 227 * 1024, 50 << 20};
    case 1000:
      return {"B200", 1000, 1000, 148, 227 * 1024, 126 << 20};
    default:
      return {"RTX", 1200, 1200, 170, 99 * 1024, 96 << 20};
  }
}
constexpr int capabilities[] = {800, 890, 900, 1000, 1200};

constexpr tile_sizes tile(const char* name, int m, int n, int k, int warps_m, int warps_n,
                          int stages) {
  const int bytes = (m + n) * k * stages;
  return {short_name(std::string_view(name)), m,     n, k, warps_m, warps_n, stages,
          bytes > 48 * 1024 ? 1 : 2,          bytes, 16};
}

constexpr std::array candidates{
    tile("m16n64k128", 16, 64, 128, 1, 4, 5),    tile("m32n64k128", 32, 64, 128, 1, 4, 4),
    tile("m64n64k128", 64, 64, 128, 2, 2, 4),    tile("m64n128k64", 64, 128, 64, 2, 2, 4),
    tile("m128n128k64", 128, 128, 64, 2, 2, 4),  tile("m128n256k64", 128, 256, 64, 2, 4, 4),
    tile("m256n128k128", 256, 128, 128, 4, 2, 4)};

constexpr std::array<std::array<std::int64_t, 2>, 9> layers{{{4096, 4096},
                                                             {6144, 4096},
                                                             {28672, 4096},
                                                             {4096, 14336},
                                                             {8192, 8192},
                                                             {57344, 8192},
                                                             {8192, 28672},
                                                             {1, 1},
                                                             {333, 10944}}};

constexpr std::array products{
    product_shape{0, 0, 0, arithmetic_unit::s8, 8, 8, 16},
    product_shape{0, 0, 0, arithmetic_unit::s4, 4, 4, 16},
    product_shape{0, 0, 0, arithmetic_unit::fp8, 8, 8, 16},
    product_shape{0, 0, 0, arithmetic_unit::f16, 16, 4, 16},
};

template<class F>
void for_each_case(F&& f) {
  for (const int capability : capabilities)
    for (product_shape p : products)
      for (const auto& [n, k] : layers) {
        p.n = n;
        p.k = k;
        f(device(capability), p);
      }
}

TEST_CASE("every m from 1 to 300: a legal choice, and no cliff") {
  double worst = 1.0;
  for_each_case([&](const device_facts& d, product_shape p) {
    double before = 0;
    for (p.m = 1; p.m <= 300; ++p.m) {
      const tile_choice choice = select_tiles(p, candidates, d);
      REQUIRE(choice.index >= 0);
      const tile_sizes& t = candidates[static_cast<std::size_t>(choice.index)];
      REQUIRE(is_legal(p, t, choice.splits, d));
      REQUIRE(t.shared_bytes <= d.shared_per_block);
      REQUIRE(choice.cycles == modelled_cycles(p, t, choice.splits, d));
      REQUIRE(choice.cycles >= before);
      if (before > 0 && choice.cycles / before > worst) worst = choice.cycles / before;
      before = choice.cycles;
    }
  });
  // At most a second row of tiles, in a second wave that has more blocks to share L2 among.
  CHECK(worst < 2.1);
}

TEST_CASE("no other legal candidate is modelled to be cheaper") {
  for_each_case([&](const device_facts& d, product_shape p) {
    for (const std::int64_t m : {1, 16, 17, 64, 130, 1000, 4096}) {
      p.m = m;
      const tile_choice choice = select_tiles(p, candidates, d);
      for (const tile_sizes& t : candidates)
        for (const int splits : split_counts)
          if (is_legal(p, t, splits, d)) REQUIRE(modelled_cycles(p, t, splits, d) >= choice.cycles);
    }
  });
}

TEST_CASE("a legal candidate stays legal for fewer tokens") {
  for_each_case([&](const device_facts& d, product_shape p) {
    for (const tile_sizes& t : candidates)
      for (const int splits : split_counts) {
        bool before = true;
        for (p.m = 1; p.m <= 8192; p.m = p.m * 2 + 1) {
          const bool now = is_legal(p, t, splits, d);
          REQUIRE((before || !now));
          before = now;
        }
      }
  });
}

std::string chosen(int capability, std::int64_t m, std::int64_t n, std::int64_t k) {
  const device_facts d = device(capability);
  const tile_choice c = select_tiles({m, n, k, arithmetic_unit::s8, 8, 8, 16}, candidates, d);
  return variant_text(candidates[static_cast<std::size_t>(c.index)], c.splits).c_str();
}

TEST_CASE("few tokens take low tiles and split k where the output has few tiles") {
  CHECK(chosen(800, 1, 4096, 4096).starts_with("m16"));
  CHECK(chosen(1000, 1, 4096, 14336).find("splits") != std::string::npos);
  CHECK(chosen(900, 16, 512, 16384).find("splits") != std::string::npos);
}

TEST_CASE("many tokens take large tiles without a split") {
  for (const int capability : {800, 900, 1000}) {
    const std::string name = chosen(capability, 8192, 8192, 8192);
    CHECK(name.starts_with("m128"));
    CHECK(name.find("splits") == std::string::npos);
  }
}

TEST_CASE("a device with little shared memory takes what fits, or nothing") {
  device_facts d = device(800);
  const product_shape p{256, 4096, 4096, arithmetic_unit::s8, 8, 8, 16};
  d.shared_per_block = 64 * 1024;
  const tile_choice c = select_tiles(p, candidates, d);
  REQUIRE(c.index >= 0);
  CHECK(candidates[static_cast<std::size_t>(c.index)].shared_bytes <= 64 * 1024);
  d.shared_per_block = 1024;
  CHECK(select_tiles(p, candidates, d).index == -1);
}

TEST_CASE("which builds run on which device") {
  constexpr int built[] = {800, 890, 900};
  CHECK(best_target(built, 800) == 800);
  CHECK(best_target(built, 860) == 800);
  CHECK(best_target(built, 890) == 890);
  CHECK(best_target(built, 900) == 900);
  CHECK(best_target(built, 1000) == 0);
  CHECK(best_target(built, 750) == 0);
  CHECK_FALSE(runs_on(900, 1000));
  CHECK_FALSE(runs_on(1000, 1030));
  CHECK(targets_text(built) == "sm_80, sm_89, sm_90a");
  CHECK(targets_text({}) == "no architecture");
}

}  // namespace
