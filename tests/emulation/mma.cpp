// SPDX-License-Identifier: Apache-2.0
// tests/emulation/mma.cpp - tensor cores: the lanes' fragments become matrices, are multiplied, and
// go back. All element widths share one layout in words of 32 bits; only the unpacking differs.
// Integer sums wrap. Float products are exact in double, their sum is taken there in order of k.
#include <cmath>
#include <type_traits>

#include "qtl/base/fixed_text.hpp"
#include "qtl/format/number_format.hpp"
#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/emulated_compute.hpp"
#include "qtl/gpu/ptx/spelling.cuh"

namespace qtl::inline v0::gpu::emulated {
namespace {

fp8_sums sums_of_fp8 = fp8_sums::rounded;

template<class D>
struct mma_lane {
  D* d;
  const std::uint32_t* a;
  const std::uint32_t* b;
};

// Rows of A and columns of B are 32 bytes each: 8 words, word t + 4 h from lane t of a group.
constexpr int row_words = 8;
struct operands {
  std::uint32_t a[16][row_words];
  std::uint32_t b[8][row_words];
};

template<class D>
operands gather(void* const* lanes, const char* instruction) {
  operands all;
  for (unsigned lane = 0; lane < 32; ++lane) {
    blame_lane(lane);
    if (lanes[lane] == nullptr) fail(instruction, "needs 32 threads; the warp has fewer");
    const auto& mine = *static_cast<const mma_lane<D>*>(lanes[lane]);
    const unsigned g = lane / 4, t = lane % 4;
    for (unsigned i = 0; i < 4; ++i) all.a[g + 8 * (i % 2)][t + 4 * (i / 2)] = mine.a[i];
    for (unsigned i = 0; i < 2; ++i) all.b[g][t + 4 * i] = mine.b[i];
  }
  return all;
}

// What values, products and sums are computed in. Sums of integer products stay below 2^24, so
// float is exact there, and what every CPU multiplies four at a time.
template<class F>
using number = std::conditional_t<kind_of<F> == format_kind::integer, float, double>;

template<class F>
number<F> value_of(std::uint32_t raw) {
  if constexpr (F::bits <= 8)
    return static_cast<number<F>>(value_table<F>[raw]);
  else
    return static_cast<number<F>>(F::decode(from_bits<F>(raw)));
}

// Element k of the row or column goes to out[k * stride].
template<class F>
void unpack(const std::uint32_t (&words)[row_words], number<F>* out, int stride) {
  constexpr unsigned per_word = 32 / F::bits;
  constexpr std::uint32_t mask = (1u << F::bits) - 1u;
  for (const std::uint32_t word : words)
    for (unsigned i = 0; i < per_word; ++i, out += stride)
      *out = value_of<F>(word >> F::bits * i & mask);
}

std::int32_t add(std::int32_t accumulator, float sum) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(accumulator) +
                                   static_cast<std::uint32_t>(static_cast<std::int32_t>(sum)));
}
float add(float accumulator, double sum) {
  return static_cast<float>(static_cast<double>(accumulator) + sum);
}

// The sum cut to 13 explicit mantissa bits, toward zero.
float add_truncated(float accumulator, double sum) {
  const double whole = static_cast<double>(accumulator) + sum;
  if (!std::isfinite(whole)) return static_cast<float>(whole);
  constexpr std::uint64_t kept = ~std::uint64_t{0} << (52 - 13);
  return static_cast<float>(bit_cast<double>(bit_cast<std::uint64_t>(whole) & kept));
}

template<class F>
constexpr bool is_fp8 = ptx::Fp8Operand<F>;

template<class A, class B, class D>
const char* instruction_name() {
  static constexpr auto name = [] {
    fixed_text<64> text("mma.m16n8k");
    text.append(256 / A::bits).append(std::is_same_v<D, float> ? ".f32." : ".s32.");
    return text.append(ptx::spelling<A>::text).append(".").append(ptx::spelling<B>::text);
  }();
  return name.c_str();
}

template<class A, class B, class D>
void multiply(void* const* lanes) {
  constexpr int depth = 32 * 8 / A::bits;
  const operands all = gather<D>(lanes, instruction_name<A, B, D>());
  number<A> a[16][depth], b[depth][8], sums[16][8] = {};
  for (int row = 0; row < 16; ++row) unpack<A>(all.a[row], a[row], 1);
  for (int column = 0; column < 8; ++column) unpack<B>(all.b[column], &b[0][column], 8);
  for (int row = 0; row < 16; ++row)
    for (int k = 0; k < depth; ++k)
      for (int column = 0; column < 8; ++column) sums[row][column] += a[row][k] * b[k][column];
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      const number<A> sum = sums[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2];
      D& d = static_cast<mma_lane<D>*>(lanes[lane])->d[i];
      if constexpr (is_fp8<A>)
        d = sums_of_fp8 == fp8_sums::truncated ? add_truncated(d, sum) : add(d, sum);
      else
        d = add(d, sum);
    }
}

}  // namespace

template<class A, class B, class D>
void mma(D (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  const char* instruction = instruction_name<A, B, D>();
  if constexpr (is_fp8<A>) require(instruction, gpu_target::sm_89);
  mma_lane<D> mine{d, a, b};
  warp_collective(instruction, 0xFFFFFFFFu, &mine, &multiply<A, B, D>);
}

template void mma<s8, s8>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<s8, u8>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<u8, s8>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<u8, u8>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<s4, s4>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<s4, u4>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<u4, s4>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<u4, u4>(std::int32_t (&)[4], const std::uint32_t (&)[4],
                          const std::uint32_t (&)[2]);
template void mma<e4m3, e4m3>(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]);
template void mma<e4m3, e5m2>(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]);
template void mma<e5m2, e4m3>(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]);
template void mma<e5m2, e5m2>(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]);
template void mma<f16, f16>(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]);
template void mma<bf16, bf16>(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]);

void set_fp8_sums(fp8_sums sums) { sums_of_fp8 = sums; }

}  // namespace qtl::inline v0::gpu::emulated
