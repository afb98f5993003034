// SPDX-License-Identifier: Apache-2.0
// tests/tensor/memory_test.cpp - tensors in memory of the caller: any address, no byte beyond,
// nothing on an error.
#include <cstring>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/core.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;

constexpr std::byte untouched{0xA5};

// Three spans of the sizes that a layout asks for, each at an odd address between guard bytes.
struct callers_memory {
  explicit callers_memory(const tensor_layout& l)
      : layout(l), bytes(static_cast<std::size_t>(l.bytes()) + 64, untouched) {}

  std::span<std::byte> part(std::int64_t before, std::int64_t size, std::size_t guard) {
    std::byte* at = bytes.data() + before + static_cast<std::int64_t>(guard);
    if (reinterpret_cast<std::uintptr_t>(at) % 2 == 0) ++at;
    return {at, static_cast<std::size_t>(size)};
  }
  std::span<std::byte> codes() { return part(0, layout.code_bytes, 8); }
  std::span<std::byte> scales() { return part(layout.code_bytes, layout.scale_bytes, 24); }
  std::span<std::byte> offsets() {
    return part(layout.code_bytes + layout.scale_bytes, layout.offset_bytes, 40);
  }

  // Bytes outside the three spans that changed.
  std::size_t trespassed() {
    std::vector<std::byte> copy = bytes;
    for (const std::span<std::byte> s : {codes(), scales(), offsets()})
      if (!s.empty())
        std::memset(copy.data() + (s.data() - bytes.data()), static_cast<int>(untouched), s.size());
    std::size_t changed = 0;
    for (const std::byte b : copy) changed += b != untouched ? 1 : 0;
    return changed;
  }
  bool pristine() const {
    for (const std::byte b : bytes)
      if (b != untouched) return false;
    return true;
  }

  tensor_layout layout;
  std::vector<std::byte> bytes;
};

template<QuantPolicy P>
QTensorSpan<P> span_over(callers_memory& memory) {
  const auto view = make_qtensor_view<P>(memory.layout.rows, memory.layout.cols, memory.codes(),
                                         memory.scales(), memory.offsets());
  REQUIRE(view.ok());
  return *view;
}

#define POLICIES_OF_EVERY_LAYOUT                                                            \
  w8a8::weight, w4a16_affine::weight, w4a16_shift::weight, w3a16::weight, w2a16::weight,    \
      mxfp6::weight, nvfp4::weight, nf4_a16::weight, policy<u8, affine_as_is, per_channel>, \
      policy<s5, symmetric, per_block<2, 24>>, policy<u1, affine>, policy<bf16, unscaled>

TEST_CASE_TEMPLATE("quantize_into and dequantize_into at odd addresses", P,
                   POLICIES_OF_EVERY_LAYOUT) {
  for (const std::int64_t cols : {1, 5, 33, 300}) {
    const matrix<float> x = qtl_test::noise_matrix(3, cols, 21);
    const QTensor<P> expected = quantize<P>(x);
    callers_memory memory(*make_layout<P>(3, cols));
    QTensorSpan<P> to = span_over<P>(memory);
    REQUIRE(quantize_into<P>(x.view(), to).ok());
    CHECK(memory.trespassed() == 0);
    const QTensorView<P> q = to;
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < cols; ++j) {
        REQUIRE(q.code_at(i, j) == expected.code(i, j));
        REQUIRE(q.params_at(i, j) == expected.view().params_at(i, j));
      }

    // Into every second element of a larger matrix.
    std::vector<float> reals(static_cast<std::size_t>(3 * (2 * cols + 7)), -1.0f);
    const matrix_view<float> y(reals.data(), 3, cols, 2 * cols + 7, 2);
    REQUIRE(dequantize_into<P>(q, y).ok());
    CHECK(qtl_test::same_matrix(y, dequantize(expected).view()));
    std::size_t written = 0;
    for (const float v : reals) written += v != -1.0f ? 1 : 0;
    CHECK(written <= static_cast<std::size_t>(3 * cols));
    const QTensor<P> copy = *QTensor<P>::copy_of(q);
    CHECK(qtl_test::same_matrix(dequantize(copy).view(), dequantize(expected).view()));
  }
}

TEST_CASE_TEMPLATE("nothing is written on an error", P, POLICIES_OF_EVERY_LAYOUT) {
  matrix<float> x = qtl_test::noise_matrix(4, 40, 22);
  callers_memory memory(*make_layout<P>(4, 40));
  QTensorSpan<P> to = span_over<P>(memory);
  to.tensor_scale = 42.0f;
  CHECK(quantize_into<P>(qtl_test::noise_matrix(3, 40, 1).view(), to).message ==
        "x: number of rows is 3, expected 4");
  CHECK(quantize_into<P>(qtl_test::noise_matrix(4, 41, 1).view(), to).message ==
        "x: number of columns is 41, expected 40");
  x(3, 39) = infinity;
  CHECK(quantize_into<P>(x.view(), to).message ==
        "x: element at row 3, column 39 is infinite, expected a finite value");
  CHECK(memory.pristine());
  CHECK(to.tensor_scale == 42.0f);
  std::vector<float> y(160, 3.0f);
  CHECK(dequantize_into<P>(to, {y.data(), 4, 39}).dimension == 1);
  CHECK(dequantize_into<P>(to, {y.data(), 5, 40}).dimension == 0);
  CHECK(y == std::vector<float>(160, 3.0f));
}

TEST_CASE("spans that are too small are named") {
  using P = policy<u4, affine, per_group<32>>;
  std::vector<std::byte> memory(200);
  const auto make = [&](std::size_t codes, std::size_t scales, std::size_t offsets) {
    const std::span<std::byte> all(memory);
    return make_qtensor_view<P>(3, 65, all.first(codes), all.first(scales), all.first(offsets))
        .why();
  };
  CHECK(make(99, 36, 9).ok());
  CHECK(make(98, 36, 9).message == "codes: size in bytes is 98, expected 99");
  CHECK(make(99, 35, 9).message == "scales: size in bytes is 35, expected 36");
  CHECK(make(99, 36, 8).message == "offsets: size in bytes is 8, expected 9");
  CHECK(make(99, 36, 8).code == error_code::shape_mismatch);
  const std::span<const std::byte> all(memory);
  CHECK(make_qtensor_view<P>(-3, 65, all, all, all).why().code == error_code::invalid_argument);
  CHECK(make_qtensor_view<P>(INT64_MAX, 65, all, all, all).why().code == error_code::overflow);
}

}  // namespace
