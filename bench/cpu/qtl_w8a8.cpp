// SPDX-License-Identifier: Apache-2.0
// bench/cpu/qtl_w8a8.cpp - 8-bit weights and 8-bit activations: symmetric, and with both zero
// points.
#include "qtl_contestants.hpp"

namespace qtl_bench {

std::vector<make_contestant> w8a8_contestants() {
  using avx2 = qtl::cpu_backend_at<qtl::isa_level::avx2>;
  std::vector<make_contestant> all{layer_of<qtl::w8a8>("qtl w8a8 layer")};
  if (qtl::is_available(qtl::isa_level::avx2))
    all.push_back(layer_of<qtl::w8a8, avx2>("qtl w8a8 layer avx2"));
  for (const qtl::isa_level level : available_levels())
    all.push_back(
        kernel_of<qtl::w8a8>(std::string("qtl w8a8 kernel ") + qtl::to_string(level), level));
  return all;
}

std::vector<make_contestant> w8a8_affine_contestants() {
  std::vector<make_contestant> all{layer_of<qtl::w8a8_affine>("qtl w8a8_affine layer")};
  for (const qtl::isa_level level : available_levels())
    all.push_back(kernel_of<qtl::w8a8_affine>(
        std::string("qtl w8a8_affine kernel ") + qtl::to_string(level), level));
  return all;
}

}  // namespace qtl_bench
