// SPDX-License-Identifier: Apache-2.0
// tests/gpu/element_encoder_test.cpp - the arithmetic of the quantization kernels against the
// scalar library: quotients, nearest codes, SiLU. These functions need no GPU and no emulator; on a
// machine with a GPU they run on the CPU all the same.
#include "qtl/gpu/ptx/target.cuh"

#if QTL_GPU_EMULATED

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/gpu/tile/element_encoder.cuh"
#include "qtl/gpu/tile/silu.cuh"
#include "qtl/ops/choose_qparams.hpp"
#include "qtl/policy/descriptor.hpp"
#include "qtl/policy/presets.hpp"

namespace {

using namespace qtl;

// Floats of every exponent and sign, few and many bits set.
float any_float(std::uint64_t i) {
  const std::uint32_t mask = i % 3 == 0 ? 0xFFFF0000u : i % 3 == 1 ? 0xFFFFFFFFu : 0xFFF00001u;
  return float_from_bits(counter_random(5, i) & mask);
}

// Uniform in [-1, 1).
float uniform(std::uint64_t seed, std::uint64_t i) {
  return static_cast<float>(counter_random(seed, i)) * 0x1p-31f - 1.0f;
}

std::vector<float> samples() {
  std::vector<float> x = {0.0f,          -0.0f,         infinity,       -infinity,
                          quiet_nan,     -quiet_nan,    smallest_float, -smallest_float,
                          largest_float, -largest_float};
  for (std::uint64_t i = 0; i < 200000; ++i) x.push_back(any_float(i));
  for (std::uint64_t i = 0; i < 200000; ++i) x.push_back(8.0f * uniform(1, i));
  return x;
}

template<class F, class Encode>
void check_format(Encode encode) {
  CAPTURE(F::name.c_str());
  std::vector<float> all = samples();
  for (std::uint32_t raw = 0; raw < 1u << F::bits; ++raw) {  // around every value and midpoint
    const float value = F::decode(from_bits<F>(raw));
    for (std::uint32_t next = 0; next < 1u << F::bits; ++next) {
      const float middle = value / 2 + F::decode(from_bits<F>(next)) / 2;
      for (const float x :
           {middle, std::nextafter(middle, infinity), std::nextafter(middle, -infinity)})
        all.push_back(x);
    }
  }
  for (const float x : all) {
    const std::uint32_t expected = F::encode(x);
    if (encode(x) == expected) continue;
    CAPTURE(x);
    REQUIRE(encode(x) == expected);
  }
}

TEST_CASE("formats of finite numbers are encoded as the library does") {
  check_format<e2m1>([](float x) { return gpu::nearest_minifloat<e2m1>(x); });
  check_format<e2m3>([](float x) { return gpu::nearest_minifloat<e2m3>(x); });
  check_format<e3m2>([](float x) { return gpu::nearest_minifloat<e3m2>(x); });
}

TEST_CASE("codebooks are encoded and decoded as the library does") {
  check_format<nf4>([](float x) { return gpu::nearest_in_codebook<nf4>(x); });
  check_format<fp4_bnb>([](float x) { return gpu::nearest_in_codebook<fp4_bnb>(x); });
  for (std::uint32_t code = 0; code < 16; ++code) {
    CHECK(gpu::codebook_value<nf4>(code) == nf4::decode(static_cast<std::uint8_t>(code)));
    CHECK(gpu::codebook_value<fp4_bnb>(code) == fp4_bnb::decode(static_cast<std::uint8_t>(code)));
  }
}

// The quotient of one x; its neighbours are such that they do not decide how it is found.
template<bool Bounded>
float quotient_of(const gpu::exact_divisor<Bounded>& divide, float x) {
  const float all[gpu::chunk_size] = {0.0f, x};
  float q[gpu::chunk_size];
  divide(all, q);
  return q[1];
}

template<bool Bounded>
void check_quotients(float scale, float reach, std::uint64_t seed) {
  const gpu::exact_divisor<Bounded> divide(scale);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const float x = reach * uniform(seed, i);
    const float expected = x / scale;
    if (magnitude(expected) < gpu::least_exact_quotient) {
      REQUIRE(magnitude(quotient_of(divide, x)) <= gpu::least_exact_quotient);
    } else if (float_bits(quotient_of(divide, x)) != float_bits(expected)) {
      CAPTURE(x);
      CAPTURE(scale);
      REQUIRE(quotient_of(divide, x) == expected);
    }
  }
}

TEST_CASE("a quotient by the reciprocal and two corrections is the IEEE quotient") {
  for (std::uint64_t i = 0; i < 1500; ++i) {
    const float scale = magnitude(any_float(i));
    if (!is_finite(scale) || scale == 0.0f) continue;
    for (const float range : {7.0f, 127.0f, 57344.0f}) {
      const float reach = scale * range;
      if (is_finite(reach)) check_quotients<true>(i % 2 == 0 ? scale : -scale, reach, i);
    }
    check_quotients<false>(scale, largest_float, i);
    check_quotients<false>(scale, 1.0f, i);
  }
}

TEST_CASE("quotients whose last bit is the hardest to get right") {
  // x next to a multiple of the scale plus half a unit in the last place of the quotient.
  for (std::uint64_t i = 0; i < 300000; ++i) {
    const float scale = 1.0f + static_cast<float>(counter_random(7, i) & 0x7FFFFFu) * 0x1p-23f;
    const double quotient = 1.0 + (counter_random(8, i) & 0x7FFFFFu) * 0x1p-23 + 0x1p-24;
    const auto x = static_cast<float>(quotient * static_cast<double>(scale));
    const float divided = quotient_of(gpu::exact_divisor<true>(scale), x);
    if (divided != x / scale) REQUIRE(divided == x / scale);
  }
}

template<QuantPolicy P, bool Bounded>
void check_policy(const qparams<P>& p, float reach, std::uint64_t seed) {
  using F = typename P::format;
  CAPTURE(describe<P>().format.c_str());
  CAPTURE(describe<P>().scheme.c_str());
  CAPTURE(p.scale);
  const gpu::element_encoder<P, Bounded> encode(p);
  for (std::uint64_t i = 0; i < 500; ++i) {
    float x[gpu::chunk_size];
    for (int e = 0; e < gpu::chunk_size; ++e)
      x[e] = e == 7 ? (i % 2 == 0 ? -0.0f : 0.0f)
                    : reach * uniform(seed, i * 8 + static_cast<std::uint64_t>(e));
    const int count = static_cast<int>(i % 9);
    std::uint64_t bits = 0;
    std::int32_t sum = 0;
    for (int e = 0; e < count; ++e) {
      const auto code = encode_element<P>(x[e], p, element_rounding<P>(3, 16 + e));
      bits |= static_cast<std::uint64_t>(to_bits<F>(code)) << (e * F::bits);
      if constexpr (is_integer_format<F>) sum += code;
    }
    const gpu::code_chunk codes = encode(x, count, 3, 16);
    REQUIRE(codes.bits == bits);
    REQUIRE(codes.sum == sum);
  }
}

template<QuantPolicy P>
void check_ranges() {
  for (const float amax : {1.0f, 3.7e-3f, 1e-30f, 1e-42f, 2.5e20f, 1e38f, 3e38f})
    for (const float low : {-1.0f, -0.3f, 0.2f}) {
      const value_range range{low * amax, amax};
      const float tensor_scale = choose_tensor_scale<P>(range);
      const qparams<P> p = choose_stored<P>(range, tensor_scale).decoded(tensor_scale);
      check_policy<P, true>(p, amax, 11);
      check_policy<P, false>(p, largest_float, 12);
    }
  check_policy<P, true>({quiet_nan, {}}, 1.0f, 13);
}

TEST_CASE("chunks of codes and their sums are those of encode_element") {
  check_ranges<token_s8>();
  check_ranges<token_u8>();
  check_ranges<token_e4m3>();
  check_ranges<policy<s8, affine, per_token>>();
  check_ranges<policy<s4, symmetric, per_token>>();
  check_ranges<policy<s4, symmetric_full_range, per_token>>();
  check_ranges<policy<u4, affine, per_group<128>, scaled_by<f16>>>();
  check_ranges<policy<u4, affine_as_is, per_group<128>>>();
  check_ranges<policy<u4, affine_float_shift, per_group<64>>>();
  check_ranges<policy<e5m2, symmetric, per_token>>();
  check_ranges<policy<nf4, symmetric, per_group<64>>>();
  check_ranges<policy<fp4_bnb, symmetric, per_group<64>>>();
  check_ranges<mx<e2m1>>();
  check_ranges<mx<e2m3>>();
  check_ranges<mx<s2f6>>();
  check_ranges<nvfp4_tensor<>>();
  check_ranges<policy<s8, symmetric, per_token, round_stochastic<9>>>();
  check_ranges<policy<e4m3, symmetric, per_token, round_toward_zero>>();
  check_ranges<policy<e4m3fnuz, symmetric, per_token>>();
}

TEST_CASE("codes in reach of the decoder") {
  const auto check = []<class P>(const qparams<P>& p) {
    using F = typename P::format;
    for (std::uint32_t raw = 0; raw < 1u << F::bits; ++raw) {
      const float expected = decode_element<P>(from_bits<F>(raw), p);
      const float real = gpu::decoded_real<P>(raw, p);
      CHECK((float_bits(real) == float_bits(expected) || (is_nan(real) && is_nan(expected))));
    }
  };
  check(qparams<token_s8>{0.37f, {}});
  check(qparams<token_u8>{0.37f, 77});
  check(qparams<token_e4m3>{0.37f, {}});
  check(qparams<policy<nf4, symmetric, per_group<64>>>{1e-3f, {}});
  check(qparams<policy<u4, affine_float_shift, per_group<64>>>{1e-3f, 0.7f});
  check(qparams<policy<u4, affine_as_is, per_group<64>>>{1e-3f, 123456});
}

TEST_CASE("SiLU without branches has the bits of the layers' SiLU") {
  for (const float x : samples()) {
    for (const float factor : {1.0f, 20.0f}) {
      const float expected = activate(activation_function::silu, factor * x);
      const float got = gpu::silu(factor * x);
      if (float_bits(got) == float_bits(expected) || (is_nan(got) && is_nan(expected))) continue;
      CAPTURE(x);
      REQUIRE(got == expected);
    }
  }
}

}  // namespace

#endif  // QTL_GPU_EMULATED
