// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/compute_instructions.cu - every computing instruction that all targets have,
// once.
// targets: 80 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32, mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32, mma.sync.aligned.m16n8k64.row.col.s32.s4.u4.s32, mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32, mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32, ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16, movmatrix.sync.aligned.m8n8.trans.b16
#include "qtl/gpu/ptx/arithmetic.cuh"
#include "qtl/gpu/ptx/bits.cuh"
#include "qtl/gpu/ptx/convert.cuh"
#include "qtl/gpu/ptx/ldmatrix.cuh"
#include "qtl/gpu/ptx/mma_half.cuh"
#include "qtl/gpu/ptx/mma_int4.cuh"
#include "qtl/gpu/ptx/mma_int8.cuh"

namespace ptx = qtl::gpu::ptx;

__global__ void integer_products(std::int32_t* out, const std::uint32_t* in) {
  std::int32_t d[4] = {0, 0, 0, 0};
  const std::uint32_t a[4] = {in[0], in[1], in[2], in[3]};
  const std::uint32_t b[2] = {in[4], in[5]};
  ptx::mma_m16n8k32<qtl::s8, qtl::s8>(d, a, b);
  ptx::mma_m16n8k32<qtl::s8, qtl::u8>(d, a, b);
  ptx::mma_m16n8k32<qtl::u8, qtl::s8>(d, a, b);
  ptx::mma_m16n8k32<qtl::u8, qtl::u8>(d, a, b);
  ptx::mma_m16n8k64<qtl::s4, qtl::s4>(d, a, b);
  ptx::mma_m16n8k64<qtl::s4, qtl::u4>(d, a, b);
  ptx::mma_m16n8k64<qtl::u4, qtl::s4>(d, a, b);
  ptx::mma_m16n8k64<qtl::u4, qtl::u4>(d, a, b);
  for (int i = 0; i < 4; ++i) out[i] = d[i];
}

__global__ void half_products(float* out, const std::uint32_t* in) {
  float d[4] = {0, 0, 0, 0};
  const std::uint32_t a[4] = {in[0], in[1], in[2], in[3]};
  const std::uint32_t b[2] = {in[4], in[5]};
  ptx::mma_m16n8k16<qtl::f16>(d, a, b);
  ptx::mma_m16n8k16<qtl::bf16>(d, a, b);
  for (int i = 0; i < 4; ++i) out[i] = d[i];
}

__global__ void matrices(std::uint32_t* out, std::uint32_t address) {
  std::uint32_t one[1], two[2], four[4];
  std::uint32_t sum = 0;
  ptx::ldmatrix_x1(one, address);
  sum += one[0];
  ptx::ldmatrix_x1_transposed(one, address);
  sum += one[0];
  ptx::ldmatrix_x2(two, address);
  sum += two[0] + two[1];
  ptx::ldmatrix_x2_transposed(two, address);
  sum += two[0] + two[1];
  ptx::ldmatrix_x4(four, address);
  sum += four[0] + four[1] + four[2] + four[3];
  ptx::ldmatrix_x4_transposed(four, address);
  sum += four[0] + four[1] + four[2] + four[3];
  out[0] = ptx::movmatrix(sum);
}

__global__ void conversions(std::uint32_t* out, const float* in, std::uint32_t pair) {
  float low, high;
  out[0] = ptx::f16x2_from_floats(in[0], in[1]);
  out[1] = ptx::bf16x2_from_floats(in[0], in[1]);
  out[2] = ptx::e4m3x2_from_floats(in[0], in[1]);
  out[3] = ptx::e5m2x2_from_floats(in[0], in[1]);
  out[4] = ptx::f16x2_from_e4m3x2(static_cast<std::uint16_t>(pair));
  out[5] = ptx::f16x2_from_e5m2x2(static_cast<std::uint16_t>(pair));
  out[6] = static_cast<std::uint32_t>(ptx::float_to_int_rne(in[2]));
  ptx::floats_from_f16x2(pair, low, high);
  out[7] = qtl::float_bits(low) + qtl::float_bits(high);
  ptx::floats_from_bf16x2(pair, low, high);
  out[8] = qtl::float_bits(low) + qtl::float_bits(high);
}

__global__ void arithmetic(float* out, const float* in) {
  out[0] = ptx::divide_rn(in[0], in[1]);
  out[1] = ptx::add_rn(ptx::multiply_rn(in[0], in[1]), in[2]);
  out[2] = ptx::fused_multiply_add(in[0], in[1], in[2]);
}

__global__ void pairs(std::uint32_t* out, const std::uint32_t* in) {
  out[0] = ptx::fma_f16x2(in[0], in[1], in[2]);
  out[1] = ptx::mul_f16x2(in[0], in[1]);
  out[2] = ptx::add_f16x2(in[0], in[1]);
  out[3] = ptx::sub_f16x2(in[0], in[1]);
  out[4] = ptx::fma_bf16x2(in[0], in[1], in[2]);
  out[5] = ptx::mul_bf16x2(in[0], in[1]);
  out[6] = ptx::add_bf16x2(in[0], in[1]);
  out[7] = ptx::sub_bf16x2(in[0], in[1]);
}

__global__ void bits(std::uint32_t* out, const std::uint32_t* in) {
  out[0] = ptx::lop3 < (ptx::lop3_a & ptx::lop3_b) | ptx::lop3_c > (in[0], in[1], in[2]);
  out[1] = ptx::prmt(in[0], in[1], in[2]);
  out[2] = static_cast<std::uint32_t>(ptx::dp4a_s8(in[0], in[1], 5));
  out[3] = static_cast<std::uint32_t>(ptx::dp4a_u8s8(in[0], in[1], 5));
}
