// SPDX-License-Identifier: Apache-2.0
// bench/cpu/qtl_w4a8.cpp - 4-bit weights and 8-bit activations: scales per 128, per 32, per
// channel.
#include "qtl_contestants.hpp"

namespace qtl_bench {

namespace {

using w4a8_g32 =
    qtl::policy_pair<"w4a8_g32", qtl::policy<qtl::s4, qtl::symmetric, qtl::per_group<32>>,
                     qtl::token_s8>;

// The layer, and the kernel on the best level and on AVX2.
template<class Pair>
void add(std::vector<make_contestant>& all, const std::string& name) {
  all.push_back(layer_of<Pair>("qtl " + name + " layer"));
  const std::vector<qtl::isa_level> levels = available_levels();
  if (levels.empty()) return;
  const auto add_kernel = [&](qtl::isa_level level) {
    all.push_back(kernel_of<Pair>("qtl " + name + " kernel " + qtl::to_string(level), level));
  };
  add_kernel(levels.front());
  if (levels.size() > 1) add_kernel(levels.back());
}

}  // namespace

std::vector<make_contestant> w4a8_contestants() {
  std::vector<make_contestant> all;
  add<qtl::w4a8>(all, "w4a8 g128");
  add<w4a8_g32>(all, "w4a8 g32");
  add<qtl::w4a8_channel>(all, "w4a8 channel");
  return all;
}

}  // namespace qtl_bench
