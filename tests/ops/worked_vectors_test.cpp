// SPDX-License-Identifier: Apache-2.0
// tests/ops/worked_vectors_test.cpp - the worked figures of docs/numerics.md, to the bit where the
// page gives bits. Case C of that page is a stranger's scheme:
// tests/extension/scheme_extension_test.cpp.
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/core.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_of;

const matrix<float>& example() {
  static const matrix<float> w = matrix_of({{.6839f, .4741f, .7451f}, {.9301f, .1742f, .6835f}});
  return w;
}

template<QuantPolicy P>
std::vector<int> codes_of(const QTensor<P>& q) {
  std::vector<int> codes;
  for (std::int64_t i = 0; i < q.rows(); ++i)
    for (std::int64_t j = 0; j < q.cols(); ++j) codes.push_back(q.code(i, j));
  return codes;
}

bool near(double actual, double expected, double relative) {
  return std::fabs(actual - expected) <= relative * std::fabs(expected);
}

// The mean of squared errors summed in f32, one after the other: how some of the page's figures
// were made.
float mse_in_f32(const matrix<float>& a, const matrix<float>& b) {
  float sum = 0.0f;
  for (std::int64_t e = 0; e < a.rows() * a.cols(); ++e) {
    const float error = a.data()[e] - b.data()[e];
    sum += error * error;
  }
  return sum / static_cast<float>(a.rows() * a.cols());
}

TEST_CASE("case A: u8 per tensor, affine on the range as it is") {
  const auto q = quantize<policy<u8, affine_as_is, per_tensor>>(example());
  CHECK(float_bits(q.scale_at(0, 0)) == 0x3b4244ef);
  CHECK(q.scale_at(0, 0) == 0.00296431384049356f);
  CHECK(q.zero_point_at(1, 2) == -59);
  CHECK(codes_of(q) == std::vector<int>{172, 101, 192, 255, 0, 172});

  const matrix<float> back = dequantize(q);
  const matrix<float> expected =
      matrix_of({{.68475652f, .47429022f, .74404275f}, {.93079454f, .17489451f, .68475652f}});
  CHECK(qtl_test::same_matrix(back.view(), expected.view()));
  CHECK(near(compare(example(), back).mse, 7.385298211500432e-07, 1e-12));
}

TEST_CASE("case A: the mean of f32 squares in four lanes") {
  const matrix<float> back = dequantize(quantize<policy<u8, affine_as_is, per_tensor>>(example()));
  std::array<float, 4> lanes{};
  for (std::int64_t e = 0; e < 6; ++e) {
    const float error = example().data()[e] - back.data()[e];
    lanes[static_cast<std::size_t>(e % 4)] += error * error;
  }
  const float mean = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) / 6.0f;
  CHECK(near(mean, 7.385297635664756e-07, 2e-7));
}

TEST_CASE("case D: u8 per tensor, affine with 0 in the range") {
  const auto q = quantize<policy<u8, affine, per_tensor>>(example());
  CHECK(q.scale_at(0, 0) == .0036474510561674833f);
  CHECK(float_bits(q.scale_at(0, 0)) == 0x3b6f0a13);
  CHECK(q.zero_point_at(0, 0) == 0);
  CHECK(codes_of(q) == std::vector<int>{188, 130, 204, 255, 48, 187});
  CHECK(near(mse_in_f32(example(), dequantize(q)), 1.194337187371275e-06, 1e-12));
  CHECK(near(compare(example(), dequantize(q)).mse, 1.1943371627983386e-06, 1e-12));  // in f64
}

TEST_CASE("case E: s8 symmetric, per tensor and per channel") {
  const auto tensor = quantize<policy<s8, symmetric, per_tensor>>(example());
  CHECK(tensor.scale_at(0, 0) == .007323622237890959f);
  CHECK(codes_of(tensor) == std::vector<int>{93, 65, 102, 127, 24, 93});

  const auto channel = quantize<policy<s8, symmetric, per_channel>>(example());
  CHECK(channel.scale_at(0, 2) == .0058669294230639935f);
  CHECK(channel.scale_at(1, 2) == .007323622237890959f);
  CHECK(codes_of(channel) == std::vector<int>{117, 81, 127, 127, 24, 93});
  CHECK(near(mse_in_f32(example(), dequantize(channel)), 2.6487243758e-06, 1e-10));
  CHECK(
      near(compare(example(), dequantize(channel)).mse, 2.6487242180683879e-06, 1e-12));  // in f64
}

TEST_CASE("absmax product: codes, 32-bit sums and reals") {
  using P = policy<s8, symmetric, per_tensor>;
  const auto w = quantize<P>(matrix_of({{.0806f, .7589f, .6038f}, {.3815f, .5040f, .7174f}}));
  const auto x = quantize<P>(matrix_of({{.5444f, .5826f, .7772f, .5555f},
                                        {.3740f, .3253f, .0698f, .1381f},
                                        {.5972f, .0086f, .0737f, .8298f}}));
  CHECK(codes_of(w) == std::vector<int>{13, 127, 101, 64, 84, 120});
  CHECK(codes_of(x) == std::vector<int>{83, 89, 119, 85, 57, 50, 11, 21, 91, 1, 11, 127});
  CHECK(float_bits(w.scale_at(0, 0)) == 0x3bc3cee3);
  CHECK(w.scale_at(0, 0) == .00597559055313468f);
  CHECK(x.scale_at(0, 0) == .0065338583663105965f);

  const std::int32_t sums[2][4] = {{17509, 7608, 4055, 16599}, {21020, 10016, 9860, 22444}};
  const double reals[2][4] = {{.68361545, .29704419, .15832205, .64808571},
                              {.82069778, .39106131, .38497052, .87629592}};
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j) {
      std::int32_t sum = 0;
      for (int p = 0; p < 3; ++p) sum += w.code(i, p) * x.code(p, j);
      CHECK(sum == sums[i][j]);
      const float real = static_cast<float>(sum) * (w.scale_at(0, 0) * x.scale_at(0, 0));
      CHECK(std::fabs(double{real} - reals[i][j]) <= 1e-8);
    }
}

// The 32-block of the page: sixteen values, then zeros.
matrix<float> mx_block() {
  matrix<float> x = *matrix<float>::make(1, 32);
  const float first[] = {.01f, -.02f, .3f,  .5f,   -.75f, 1,    1.25f, -1.6f,
                         2,    2.4f,  3.1f, -3.6f, 4.4f,  5.1f, -6,    7.9f};
  for (std::int64_t j = 0; j < 16; ++j) x(0, j) = first[j];
  return x;
}

template<QuantPolicy P>
void check_mx(const std::array<float, 16>& expected) {
  const auto q = quantize<P>(mx_block());
  const matrix<float> back = dequantize(q);
  for (std::int64_t j = 0; j < 32; ++j) {
    CAPTURE(j);
    const float want = j < 16 ? expected[static_cast<std::size_t>(j)] : 0.0f;
    CHECK(float_bits(back(0, j)) == float_bits(want));  // to the sign of zero
  }
}

TEST_CASE("MX blocks by the floor rule") {
  check_mx<mx<e2m1>>({0, -0.0f, .5f, .5f, -1, 1, 1, -1.5f, 2, 2, 3, -4, 4, 6, -6, 6});
  check_mx<mx<e2m1, round_nearest_away>>(
      {0, -0.0f, .5f, .5f, -1, 1, 1.5f, -1.5f, 2, 2, 3, -4, 4, 6, -6, 6});
  check_mx<mx<e4m3>>({.009765625f, -.01953125f, .3125f, .5f, -.75f, 1, 1.25f, -1.625f, 2, 2.5f, 3,
                      -3.5f, 4.5f, 5, -6, 7});
  CHECK(quantize<mx<e2m1>>(mx_block()).scale_at(0, 5) == 1.0f);
  CHECK(quantize<mx<e4m3>>(mx_block()).scale_at(0, 5) == 0x1p-6f);
}

// The first bytes of a tensor's row, as a little-endian word.
template<QuantPolicy P>
std::uint32_t first_word(const QTensor<P>& q) {
  return load_code<32>(q.view().codes, 0);
}

TEST_CASE("packed words of tensors") {
  // A largest element of 15 (3) makes the scale of the affine policy 1, so that codes are the
  // values.
  const auto fours = quantize<policy<u4, affine, per_tensor>>(
      matrix_of({{0, 1, 2, 3, 4, 5, 6, 7, 15, 0, 0, 0, 0, 0, 0, 0}}));
  CHECK(first_word(fours) == 0x76543210);
  const auto negatives = quantize<policy<s4, symmetric_full_range, per_tensor>>(
      matrix_of({{-8, -7, -6, -5, -4, -3, -2, -1}}));
  CHECK(first_word(negatives) == 0xFEDCBA98);
  const auto twos = quantize<policy<u2, affine, per_tensor>>(
      matrix_of({{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}}));
  CHECK(first_word(twos) == 0xE4E4E4E4);
  const auto bytes = quantize<policy<u8, affine, per_tensor>>(matrix_of({{0, 1, 2, 3, 255}}));
  CHECK(first_word(bytes) == 0x03020100);
  // AWQ's order is an interleaving of the same dense stream: columns 0 2 4 6 1 3 5 7.
  const auto awq = quantize<policy<u4, affine, per_tensor>>(
      matrix_of({{0, 2, 4, 6, 1, 3, 5, 7, 15, 0, 0, 0, 0, 0, 0, 0}}));
  CHECK(first_word(awq) == 0x75316420);
  // Column 0 of a pair lies in the low nibble: 0.5 then -6 in e2m1.
  const auto pair = quantize<mx<e2m1>>(matrix_of({{0.5f, -6.0f}}));
  CHECK((first_word(quantize<mx<e2m1>>(matrix_of({{0.5f, -6, 0, 0, 0, 0, 0, 0}}))) & 0xFF) == 0xF1);
  CHECK(pair.bytes() == 2);
}

TEST_CASE("dense 3-bit words") {
  matrix<float> x = *matrix<float>::make(1, 32);
  for (std::int64_t j = 0; j < 32; ++j) x(0, j) = static_cast<float>(j % 8);
  const auto q = quantize<policy<u3, affine, per_tensor>>(x);
  CHECK(load_code<32>(q.view().codes, 0) == 0x88FAC688);
  CHECK(load_code<32>(q.view().codes, 1) == 0xC688FAC6);
  CHECK(load_code<32>(q.view().codes, 2) == 0xFAC688FA);
}

}  // namespace
