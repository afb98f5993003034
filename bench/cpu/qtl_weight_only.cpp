// SPDX-License-Identifier: Apache-2.0
// bench/cpu/qtl_weight_only.cpp - weights of 4 and 8 bits under f32 activations and f32 sums.
// Activations stay f32 (a32), as the f32 peers have them; a preset with 16-bit activations stands
// beside, to show what rounding them costs.
#include "qtl_contestants.hpp"

namespace qtl_bench {

std::vector<make_contestant> weight_only_contestants() {
  using qtl::a32;
  using w4 = qtl::policy_pair<"w4a32", qtl::w4a16::weight, a32>;
  using w8 = qtl::policy_pair<"w8a32", qtl::w8a16::weight, a32>;
  using nf4 = qtl::policy_pair<"nf4_a32", qtl::nf4_a16::weight, a32>;
  using mxfp4 = qtl::policy_pair<"mxfp4_a32", qtl::mxfp4_a16::weight, a32>;
  using e4m3 = qtl::policy_pair<"e4m3_a32", qtl::w8a16_fp8::weight, a32>;
  using avx2 = qtl::cpu_backend_at<qtl::isa_level::avx2>;
  std::vector<make_contestant> all{
      layer_of<w4>("qtl w4a32 g128"), layer_of<w8>("qtl w8a32"),
      layer_of<nf4>("qtl nf4 a32"),   layer_of<mxfp4>("qtl mxfp4 a32"),
      layer_of<e4m3>("qtl e4m3 a32"), layer_of<qtl::w4a16>("qtl w4a16 g128")};
  if (qtl::is_available(qtl::isa_level::avx2))
    all.push_back(layer_of<w4, avx2>("qtl w4a32 g128 avx2"));
  return all;
}

}  // namespace qtl_bench
