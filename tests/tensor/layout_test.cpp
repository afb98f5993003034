// SPDX-License-Identifier: Apache-2.0
// tests/tensor/layout_test.cpp - byte counts, and extents whose products do not fit.
#include "qtl/tensor/layout.hpp"

#include <cstdint>
#include <sstream>

#include <doctest/doctest.h>

#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"
#include "qtl/tensor/summary.hpp"

#include "ops/test_matrix.hpp"

// A request that no machine can fill returns null under AddressSanitizer too.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace {

using namespace qtl;

TEST_CASE("bytes by hand") {
  const tensor_layout group = *make_layout<w4a16::weight>(3, 257);
  CHECK(group.row_bytes == 129);
  CHECK(group.code_bytes == 387);
  CHECK(group.grid.rows == 3);
  CHECK(group.grid.cols == 3);
  CHECK(group.scale_bytes == 18);
  CHECK(group.offset_bytes == 0);
  const tensor_layout shift = *make_layout<w4a16_shift::weight>(2, 65);
  CHECK(shift.offset_bytes == 16);
  CHECK(make_layout<w4a16_affine::weight>(2, 65)->offset_bytes == 2);
  CHECK(make_layout<policy<u8, affine_as_is>>(2, 65)->offset_bytes == 4);
  const tensor_layout three = *make_layout<w3a16::weight>(2, 3);
  CHECK(three.row_bytes == 2);
  const tensor_layout cast = *make_layout<a16>(2, 3);
  CHECK(cast.bytes() == 12);
  const tensor_layout block = *make_layout<fp8_block::weight>(129, 128);
  CHECK(block.grid.size() == 2);
  CHECK(block.grid.index(128, 127) == 1);
}

TEST_CASE("empty tensors") {
  CHECK(make_layout<policy<s8>>(0, 0)->scale_bytes == 4);  // per tensor there is always one
  CHECK(make_layout<policy<s8, symmetric, per_channel>>(3, 0)->scale_bytes == 12);
  CHECK(make_layout<policy<s8, symmetric, per_group<32>>>(3, 0)->scale_bytes == 0);
  CHECK(make_layout<policy<s8, symmetric, per_channel>>(0, 3)->scale_bytes == 0);
}

TEST_CASE("extents that are negative or overflow") {
  using P = policy<s8, symmetric, per_channel>;
  CHECK(make_layout<P>(-1, 3).why().code == error_code::invalid_argument);
  CHECK(make_layout<P>(-1, 3).why().dimension == 0);
  CHECK(make_layout<P>(3, -1).why().dimension == 1);
  CHECK(make_layout<P>(INT64_MIN, 3).why().actual == INT64_MIN);
  CHECK(make_layout<P>(INT64_MAX, 2).why().code == error_code::overflow);
  CHECK(make_layout<P>(std::int64_t{1} << 32, std::int64_t{1} << 32).why().code ==
        error_code::overflow);
  CHECK(make_layout<P>(std::int64_t{1} << 31, std::int64_t{1} << 31).why().code ==
        error_code::overflow);
  CHECK(make_layout<P>(INT64_MAX, 1).why().code == error_code::overflow);
  CHECK(make_layout<P>(INT64_MAX, 0).why().code ==
        error_code::overflow);  // still one scale per row
  CHECK(make_layout<policy<s8, symmetric, per_block<1, 1>>>(0, INT64_MAX).why().code ==
        error_code::overflow);
  CHECK(make_layout<P>(std::int64_t{1} << 28, std::int64_t{1} << 28).ok());
  CHECK(QTensor<P>::make(INT64_MAX, 1).why().code == error_code::overflow);
  CHECK(QTensor<P>::make(std::int64_t{1} << 28, std::int64_t{1} << 28).why().code ==
        error_code::out_of_memory);
}

TEST_CASE("a tensor sums up its bytes and says what it is") {
  const auto q = quantize<nvfp4::weight>(qtl_test::noise_matrix(4, 64, 1));
  CHECK(q.bytes() == 4 * 32 + 16 + 4);
  CHECK(q.bits_per_element() == 8.0 * 148 / 256);
  std::ostringstream out;
  out << quantize<policy<s4, symmetric, per_group<128>>>(qtl_test::noise_matrix(128, 256, 1));
  CHECK(out.str() ==
        "QTensor 128 x 256, s4 symmetric per_group<128>, 4.250 bits per element, 17408 bytes");
  CHECK(QTensor<policy<s4>>().bits_per_element() == 4.0);
}

TEST_CASE("copies are deep, moves are not") {
  using P = policy<u4, affine, per_group<32>>;
  auto q = quantize<P>(qtl_test::noise_matrix(3, 40, 2));
  const QTensor<P> copy = q;
  CHECK(copy.view().codes != q.view().codes);
  CHECK(copy.code(2, 39) == q.code(2, 39));
  CHECK(copy.zero_point_at(2, 39) == q.zero_point_at(2, 39));
  const std::byte* memory = q.view().codes;
  const QTensor<P> moved = std::move(q);
  CHECK(moved.view().codes == memory);
}

}  // namespace
