// SPDX-License-Identifier: Apache-2.0
// tests/gpu/gemm_w8a8_test.cpp - 8-bit integer products against the reference, bit for bit.
#include "qtl/gpu/kernel/gemm_w8a8.cuh"

#include <string>

#include <doctest/doctest.h>

#include "gpu/covered_products.hpp"
#include "gpu/integer_product.hpp"

namespace {

using namespace qtl_test;

void cover_all(coverage_of how) {
  for_each_type(covered::w8a8{}, [&]<class P>() { cover_integer_product<P>(how); });
}

TEST_CASE("s8 and u8 on either side: every tiling, output, function, count of rows and seed") {
  cover_all(coverage_of::pairs);
}

TEST_CASE("the same, all of them with all others" * doctest::test_suite("slow")) {
  cover_all(coverage_of::product);
}

TEST_CASE("a split of k changes no bit, and leaves its counters zero for the next launch") {
  for_each_type(gpu::w8a8_tilings{}, [&]<class C>() {
    using K = gpu::gemm_w8a8<C, u8, s8>;
    int number = 0;
    for (const int splits : {2, 3, 5, 9})
      for_each_seed([&] {
        ++number;
        check_integer_product<K, u8, s8>({17 + 50 * (number % 2), 67, 601}, finish_number(number),
                                         row_alignment::sixteen, 7, splits);
      });
  });
}

TEST_CASE("more splits than slabs") {
  using K = gpu::gemm_w8a8<gpu::tile_16x64x128_6stages, s8, s8>;
  for_each_seed([&] {
    check_integer_product<K, s8, s8>({5, 7, 130}, finish_number(4), row_alignment::one, 3, 7);
  });
}

TEST_CASE("a product over no columns is the bias") {
  using K = gpu::gemm_w8a8<gpu::tile_16x64x128_6stages, u8, s8>;
  for (const int splits : {1, 2})
    check_integer_product<K, u8, s8>({5, 7, 0}, finish_number(11), row_alignment::sixteen, 3,
                                     splits);
}

TEST_CASE("sums at the ends of 32 bits, and correction terms beyond them") {
  using K = gpu::gemm_w8a8<gpu::tile_64x64x128_4stages, u8, u8>;
  finish_case f;
  f.kind = gpu::stored_as::s32;
  f.zero_x = f.zero_w = f.per_channel = f.per_token = true;
  const product_shape s{3, 4, 33000};  // 33000 * 255 * 255 is just below 2^31
  integer_product<u8, u8> product(s, f, row_alignment::sixteen, 1);
  product.fill_extremes();
  CHECK(run_product<K>(product.params(), product.values) == product.expected());
}

TEST_CASE("a token whose scale is NaN is NaN in every output, and no other is") {
  using K = gpu::gemm_w8a8<gpu::tile_16x64x128_6stages, s8, s8>;
  for (const activation_function f :
       {activation_function::none, activation_function::relu, activation_function::gelu,
        activation_function::gelu_tanh, activation_function::silu}) {
    finish_case finish;
    finish.per_token = finish.per_channel = true;
    finish.function = f;
    integer_product<s8, s8> product({4, 9, 40}, finish, row_alignment::sixteen, 5);
    product.values.scale_x[2] = quiet_nan;
    product.values.d_scale_x.upload(product.values.scale_x);
    const std::vector<std::uint8_t> y = run_product<K>(product.params(), product.values);
    for (std::int64_t e = 0; e < 36; ++e) {
      float value;
      std::memcpy(&value, y.data() + 4 * e, 4);
      CHECK(is_nan(value) == (e / 9 == 2));
    }
  }
}

#if QTL_GPU_EMULATED
TEST_CASE("the main loop reads and writes shared memory without bank conflicts") {
  for_each_type(gpu::w8a8_tilings{}, [&]<class C>() {
    using K = gpu::gemm_w8a8<C, s8, s8>;
    const std::string kernel(K::name.view());
    CAPTURE(kernel);
    std::uint64_t conflicts[2];
    for (const int slabs : {0, 1}) {
      const product_shape s{C::tile_m, C::tile_n, C::tile_k * (2 + 6 * slabs)};
      const integer_product<s8, s8> product(s, {}, row_alignment::sixteen, 1);
      static_cast<void>(run_product<K>(product.params(), product.values));
      conflicts[slabs] = gpu::emulated::last_launch().bank_conflicts;
    }
    CHECK(conflicts[0] == conflicts[1]);  // those of the epilogue only
  });
}
#endif

TEST_CASE("keys of other formats or longer sums are refused") {
  using K = gpu::gemm_w8a8<gpu::tile_64x64x128_4stages, u8, s8>;
  using W = policy<s8, symmetric, per_channel>;
  using A = policy<u8, affine, per_token, dynamic>;
  const linear_desc d = describe_linear<W, A>();
  CHECK(K::accepts(make_gemm_key(d, output_kind::as_f16, 4096)));
  CHECK_FALSE(K::accepts(make_gemm_key(d, output_kind::as_f16, 1 << 20)));
  const linear_desc other = describe_linear<W, policy<s8, symmetric, per_token, dynamic>>();
  CHECK_FALSE(K::accepts(make_gemm_key(other, output_kind::as_f16, 4096)));
}

}  // namespace
