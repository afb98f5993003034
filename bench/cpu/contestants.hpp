// SPDX-License-Identifier: Apache-2.0
// bench/cpu/contestants.hpp - everybody who can be asked to compute, by the name of the function
// that makes them. A library that was not found when this was built is named by missing_peers() and
// takes no part.
#pragma once

#include "contestant.hpp"

namespace qtl_bench {

std::unique_ptr<contestant> make_eigen_avx2(const problem& p);
std::unique_ptr<contestant> make_eigen_avx512(const problem& p);

std::unique_ptr<contestant> make_openblas(const problem& p);
std::string openblas_version();

std::unique_ptr<contestant> make_onednn_f32(const problem& p);
/// Both operands signed; unsigned activations with a zero point; signed, both with zero points.
std::unique_ptr<contestant> make_onednn_s8(const problem& p);
std::unique_ptr<contestant> make_onednn_u8(const problem& p);
std::unique_ptr<contestant> make_onednn_zero_points(const problem& p);
std::string onednn_version();

std::unique_ptr<contestant> make_xnnpack_f32(const problem& p);
/// Static scales, results are codes: signed; unsigned, both operands with zero points.
std::unique_ptr<contestant> make_xnnpack_qs8(const problem& p);
std::unique_ptr<contestant> make_xnnpack_qu8(const problem& p);

/// Layers like ours: activations are quantized at run time, in blocks of 32 as the weights are.
std::unique_ptr<contestant> make_ggml_q8_0(const problem& p);
std::unique_ptr<contestant> make_ggml_q4_0(const problem& p);
std::string ggml_name();

/// Ours, family by family: whole layers (f32 in, quantized, multiplied, f32 out) on the best level
/// and on AVX2, and the kernel alone on every level that the machine has.
std::vector<make_contestant> w8a8_contestants();
std::vector<make_contestant> w8a8_affine_contestants();
std::vector<make_contestant> w4a8_contestants();
/// f32 activations, f32 sums.
std::vector<make_contestant> weight_only_contestants();
/// Operands that are exact in bf16.
std::vector<make_contestant> bf16_contestants();

}  // namespace qtl_bench
