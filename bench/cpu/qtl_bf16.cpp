// SPDX-License-Identifier: Apache-2.0
// bench/cpu/qtl_bf16.cpp - operands that are exact in bf16: 8-bit floats on both sides, and weights
// under bf16 activations.
// A kernel in f32 stands beside, to show what pairs of bf16 are worth.
#include "qtl_contestants.hpp"

namespace qtl_bench {

std::vector<make_contestant> bf16_contestants() {
  using qtl::a16_bf16;
  using e4m3 = qtl::policy_pair<"e4m3_bf16", qtl::w8a16_fp8::weight, a16_bf16>;
  using e5m2 = qtl::policy_pair<"e5m2_bf16", qtl::fp8_e5m2::weight, a16_bf16>;
  using w4 = qtl::policy_pair<"w4_bf16", qtl::w4a16::weight, a16_bf16>;
  using w8 = qtl::policy_pair<"w8_bf16", qtl::w8a16::weight, a16_bf16>;
  const qtl::isa_level level = qtl::isa_level::avx512_bf16;
  std::vector<make_contestant> all{
      layer_of<qtl::fp8>("qtl fp8 layer"), layer_of<qtl::mxfp8>("qtl mxfp8 layer"),
      layer_of<e4m3>("qtl e4m3 a16_bf16 layer"), layer_of<w4>("qtl w4 g128 a16_bf16 layer")};
  if (!qtl::is_available(level)) return all;
  all.push_back(kernel_of<qtl::fp8>("qtl fp8 kernel", level));
  all.push_back(kernel_of<qtl::mxfp8>("qtl mxfp8 kernel", level));
  all.push_back(kernel_of<e4m3>("qtl e4m3 a16_bf16 kernel", level));
  all.push_back(kernel_of<e5m2>("qtl e5m2 a16_bf16 kernel", level));
  all.push_back(kernel_of<w8>("qtl w8 a16_bf16 kernel", level));
  all.push_back(kernel_of<w4>("qtl w4 g128 a16_bf16 kernel", level));
  all.push_back(kernel_of<e4m3>("qtl e4m3 a16_bf16 kernel avx512", qtl::isa_level::avx512));
  return all;
}

}  // namespace qtl_bench
