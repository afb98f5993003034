// SPDX-License-Identifier: Apache-2.0
// bench/gpu/data.hpp - operands: random, large quickly, and such that every output can be checked.
// Holds: uniform_matrix, period, repeat_rows, upload, poisoned, check_periodic.
// A few rows are drawn and then repeated. Outputs repeat likewise, so the product of the few rows,
// computed on the host, says what all m x n outputs must be. The periods are prime: a row or column
// at a wrong place is seen unless it is off by a multiple of one.
#pragma once

#include <cmath>
#include <cstring>

#include "qtl/core.hpp"

#include "device.hpp"

namespace qtl_bench {

/// Rows of activations, and of weights, before they repeat.
inline constexpr std::int64_t token_period = 37;
inline constexpr std::int64_t feature_period = 251;

constexpr std::int64_t period(std::int64_t rows, std::int64_t most) {
  return rows < most ? rows : most;
}

/// Uniform in [-1, 1), never all zeros, which would run cooler.
inline qtl::matrix<float> uniform_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  qtl::matrix<float> m = qtl::value_or_throw(qtl::matrix<float>::make(rows, cols));
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    const std::uint32_t draw = qtl::counter_random(seed, static_cast<std::uint64_t>(i));
    m.data()[i] = static_cast<float>(static_cast<std::int32_t>(draw)) * qtl::power_of_two(-31);
  }
  return m;
}

/// `rows` rows of `bytes` bytes out of the first `drawn`.
inline std::vector<std::byte> repeat_rows(const std::byte* from, std::int64_t drawn,
                                          std::int64_t rows, std::int64_t bytes) {
  std::vector<std::byte> all(static_cast<std::size_t>(rows * bytes));
  for (std::int64_t i = 0; i < rows; i += drawn)
    std::memcpy(all.data() + i * bytes, from,
                static_cast<std::size_t>((rows - i < drawn ? rows - i : drawn) * bytes));
  return all;
}

/// Floats as the bits of F (f16 or bf16), and back: what a device reads.
template<class F>
std::vector<std::uint16_t> encode_all(const qtl::matrix<float>& m) {
  std::vector<std::uint16_t> codes;
  for (std::int64_t i = 0; i < m.rows() * m.cols(); ++i) codes.push_back(F::encode(m.data()[i]));
  return codes;
}
template<class F>
void round_all(qtl::matrix<float>& m) {
  for (std::int64_t i = 0; i < m.rows() * m.cols(); ++i)
    m.data()[i] = F::decode(F::encode(m.data()[i]));
}

/// `count` copies of host bytes on the device.
inline std::vector<device_bytes> upload(std::span<const std::byte> host, int count) {
  std::vector<device_bytes> copies;
  for (int i = 0; i < count; ++i)
    copies.push_back(qtl::value_or_throw(device_bytes::copy_of(host, main_stream())));
  return copies;
}

/// Memory of the device filled with bytes that no output would be: NaN in every float format.
inline device_bytes poisoned(std::int64_t bytes) {
  const std::vector<std::byte> poison(static_cast<std::size_t>(bytes), std::byte{0xFF});
  return qtl::value_or_throw(device_bytes::copy_of(poison, main_stream()));
}
inline void poison_again(device_bytes& memory) {
  const std::vector<std::byte> poison(static_cast<std::size_t>(memory.size()), std::byte{0xFF});
  qtl::throw_if_failed(memory.upload(poison, main_stream()));
}

/// Compares m x n outputs with the first rows and columns of `expected`, repeated. `at(i)` is
/// output i as a float, `tolerance(y)` what may lie between it and the expected y. Empty where all
/// agree.
template<class At, class Tolerance>
std::string check_periodic(const qtl::matrix<float>& expected, std::int64_t m, std::int64_t n,
                           At&& at, Tolerance&& tolerance) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const float want = expected(i % expected.rows(), j % expected.cols());
      const float got = at(i * n + j);
      if (std::fabs(got - want) <= tolerance(want)) continue;  // false for NaN
      return "output (" + std::to_string(i) + ", " + std::to_string(j) + ") is " +
             std::to_string(got) + ", expected " + std::to_string(want);
    }
  return {};
}

}  // namespace qtl_bench
