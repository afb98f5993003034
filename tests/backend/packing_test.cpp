// SPDX-License-Identifier: Apache-2.0
// tests/backend/packing_test.cpp - weights packed on several threads are those packed on one.
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/nn/qlinear.hpp"

#include "backend/kernel_product.hpp"

namespace {

using namespace qtl_test;

/// What the kernel writes into memory that is full of `before`.
template<class Pack>
std::vector<std::byte> packed_over(std::byte before, std::int64_t size, Pack&& pack) {
  auto memory = *buffer<std::byte>::make(size);
  std::memset(memory.data(), static_cast<int>(before), static_cast<std::size_t>(size));
  pack(memory.data());
  return {memory.data(), memory.data() + size};
}

template<class Pair>
void check_pair() {
  backwards executor;
  product<typename Pair::weight, typename Pair::activation> p({1, 150, 70});
  const gemm_args& g = p.args;
  int kernels = 0;
  for (const gemm_kernel& kernel : cpu_kernels::best()) {
    if (!kernel.supports(g.key) || kernel.pack_parallel == nullptr) continue;
    CAPTURE(kernel.name.c_str());
    ++kernels;
    const std::int64_t size = kernel.packed_size(g.key, g.w);
    const auto one =
        packed_over(std::byte{0x55}, size, [&](std::byte* to) { kernel.pack(g.key, g.w, to); });
    const auto many = packed_over(std::byte{0xAA}, size, [&](std::byte* to) {
      pack_weights(kernel, g.key, g.w, to, executor);
    });
    CHECK(one == many);
  }
#if defined(__x86_64__) || defined(__aarch64__)
  if (is_available(isa_level::avx2) || is_available(isa_level::neon_dot)) CHECK(kernels > 0);
#endif
}

TEST_CASE("weights are packed to the same bytes on any number of threads") {
  check_pair<w8a8>();
  check_pair<w8a8_affine>();
  check_pair<w4a8>();
  check_pair<w4a16_affine>();
  check_pair<fp8>();
}

/// Counts the tasks that it is given.
struct counting {
  std::int64_t tasks = 0;
  static int threads() { return 2; }
  template<class F>
  void parallel_for(std::int64_t n, F&& f) {
    tasks += n;
    for (std::int64_t i = 0; i < n; ++i) f(i);
  }
};

TEST_CASE("a layer packs on the executor that it is made with") {
  using Layer = QLinear<w8a8::weight, w8a8::activation>;
  const std::vector<float> w = product<w8a8::weight, a32>::reals(150 * 64, 1, 0.0f);
  const matrix_view<const float> view(w.data(), 150, 64);
  const auto weight = [&] { return *try_quantize<w8a8::weight>(view); };
  const auto alone = Layer::make(weight());
  counting executor;
  const auto together = Layer::make(weight(), {}, {}, executor);
  REQUIRE(alone.ok());
  REQUIRE(together.ok());
  if (!std::string_view(alone->kernel_name()).starts_with("eigen")) CHECK(executor.tasks > 1);
  const matrix_view<const float> x(w.data(), 3, 64);
  const auto a = alone->try_apply(x);
  const auto b = together->try_apply(x);
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK(std::memcmp(a->data(), b->data(), 3 * 150 * sizeof(float)) == 0);
}

}  // namespace
