// SPDX-License-Identifier: Apache-2.0
// bench/gpu/contestants.hpp - everybody who can take part.
#pragma once

#include "contestant.hpp"

namespace qtl_bench {

/// Our kernels: qtl_*.cpp.
std::vector<made> w8a8_products(const shape& s);
std::vector<made> w8a8_affine_products(const shape& s);
std::vector<made> fp8_products(const shape& s);
std::vector<made> fp8_static_products(const shape& s);
std::vector<made> fp8_block_products(const shape& s);
std::vector<made> w4a16_products(const shape& s);
std::vector<made> w4a16_affine_products(const shape& s);
std::vector<made> nf4_products(const shape& s);
std::vector<made> w8a16_products(const shape& s);
std::vector<made> w4a8_products(const shape& s);
std::vector<made> w4a4_products(const shape& s);
std::vector<made> s8_quantizers(const shape& s);
std::vector<made> u8_quantizers(const shape& s);
std::vector<made> e4m3_quantizers(const shape& s);
/// Quantizers that also do what comes before: RMSNorm, or silu(gate) * up.
std::vector<made> s8_rms_norm_quantizers(const shape& s);
std::vector<made> e4m3_rms_norm_quantizers(const shape& s);
std::vector<made> s8_silu_mul_quantizers(const shape& s);
std::vector<made> e4m3_silu_mul_quantizers(const shape& s);

/// A device-to-device copy that moves as many bytes as a quantizer of 16-bit tokens: the yardstick
/// of what is bound by memory. The wide one moves as many as a quantizer that reads two tokens.
std::vector<made> copies(const shape& s);
std::vector<made> wide_copies(const shape& s);

/// What Hopper can do: tensor cores without loads, loads without tensor cores (qtl_questions.cpp);
/// and the shapes to ask them for.
std::vector<made> product_loops(const shape& s);
std::vector<made> weight_streams(const shape& s);
shape product_loops_shape();
std::vector<shape> stream_shapes();

/// cuBLASLt, best of all its algorithms. They refuse where the library is not found.
std::vector<made> cublaslt_int8(const shape& s);
std::vector<made> cublaslt_fp8(const shape& s);
std::vector<made> cublaslt_fp8_rows(const shape& s);
std::vector<made> cublaslt_fp8_blocks(const shape& s);
std::vector<made> cublaslt_bf16(const shape& s);

/// Which cuBLASLt that is, or why there is none.
std::string cublaslt_version();

}  // namespace qtl_bench
