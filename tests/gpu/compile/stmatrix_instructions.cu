// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/stmatrix_instructions.cu - the stores of matrices, which begin with sm_90.
// targets: 90a 100a 120a; expects: stmatrix.sync.aligned.m8n8.x4.shared.b16, stmatrix.sync.aligned.m8n8.x4.trans.shared.b16
// refused: 80 89; because: stmatrix needs sm_90.
#include "qtl/gpu/ptx/ldmatrix.cuh"

__global__ void store_matrices(std::uint32_t address, const std::uint32_t* in) {
  const std::uint32_t r[4] = {in[0], in[1], in[2], in[3]};
  qtl::gpu::ptx::stmatrix_x4(address, r);
  qtl::gpu::ptx::stmatrix_x4_transposed(address + 512, r);
}
