// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/fp8_instructions.cu - the computing instructions that begin with sm_89.
// targets: 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e5m2.f32, cvt.rn.satfinite.e4m3x2.f32, cvt.rn.f16x2.e4m3x2
// refused: 80; because: mma of e4m3 and e5m2 needs sm_89.
#include "qtl/gpu/ptx/convert.cuh"
#include "qtl/gpu/ptx/mma_fp8.cuh"

namespace ptx = qtl::gpu::ptx;

__global__ void fp8_products(float* out, const std::uint32_t* in) {
  float d[4] = {0, 0, 0, 0};
  const std::uint32_t a[4] = {in[0], in[1], in[2], in[3]};
  const std::uint32_t b[2] = {in[4], in[5]};
  ptx::mma_m16n8k32<qtl::e4m3, qtl::e4m3>(d, a, b);
  ptx::mma_m16n8k32<qtl::e4m3, qtl::e5m2>(d, a, b);
  ptx::mma_m16n8k32<qtl::e5m2, qtl::e4m3>(d, a, b);
  ptx::mma_m16n8k32<qtl::e5m2, qtl::e5m2>(d, a, b);
  for (int i = 0; i < 4; ++i) out[i] = d[i];
}

__global__ void fp8_conversions(std::uint32_t* out, float x, float y) {
  const std::uint16_t pair = ptx::e4m3x2_from_floats(x, y);
  out[0] = ptx::f16x2_from_e4m3x2(pair);
  out[1] = ptx::f16x2_from_e5m2x2(ptx::e5m2x2_from_floats(x, y));
}
