// SPDX-License-Identifier: Apache-2.0
// bench/cpu/cases.cpp - families, shapes and peers.
#include "cases.hpp"

#include <array>

#include "qtl/backend/cpu/isa.hpp"

#include "contestants.hpp"

namespace qtl_bench {

namespace {

// A layer of a 7B model, a square, BERT base, a small sentence encoder.
constexpr std::array large_shapes{
    shape{128, 4096, 4096}, shape{512, 4096, 4096}, shape{1024, 1024, 1024}, shape{3072, 768, 768},
    shape{384, 3072, 768},  shape{384, 768, 3072},  shape{256, 384, 384},    shape{256, 1536, 384}};
// Decode steps and small batches.
constexpr std::array small_batches{1, 2, 4, 8, 16};
// So small that only the call counts.
constexpr shape tiny_shape{1, 64, 64};

std::vector<make_contestant> float_peers() {
  std::vector<make_contestant> peers;
#if defined(QTL_HAS_ONEDNN)
  peers.push_back(make_onednn_f32);
#endif
#if defined(QTL_HAS_OPENBLAS)
  peers.push_back(make_openblas);
#endif
#if defined(QTL_HAS_EIGEN_LEVELS)
  if (qtl::is_available(qtl::isa_level::avx512)) peers.push_back(make_eigen_avx512);
  if (qtl::is_available(qtl::isa_level::avx2)) peers.push_back(make_eigen_avx2);
#endif
  return peers;
}

std::vector<make_contestant> joined(std::vector<make_contestant> list,
                                    const std::vector<make_contestant>& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

struct family {
  const char* name;
  std::vector<make_contestant> contestants;
};

std::vector<family> families() {
  std::vector<make_contestant> int8_peers;
  std::vector<make_contestant> zero_point_peers;
#if defined(QTL_HAS_ONEDNN)
  int8_peers = {make_onednn_s8, make_onednn_u8};
  zero_point_peers = {make_onednn_zero_points};
#endif
  return {
      {"w8a8", joined(joined(w8a8_contestants(), int8_peers), float_peers())},
      {"w8a8_affine", joined(w8a8_affine_contestants(), zero_point_peers)},
      {"w4a8", joined(joined(w4a8_contestants(), int8_peers), float_peers())},
      {"weight_only", joined(weight_only_contestants(), float_peers())},
      {"bf16", joined(bf16_contestants(), float_peers())},
  };
}

}  // namespace

std::vector<bench_case> list_cases(extent e) {
  std::vector<bench_case> cases;
  for (const family& f : families()) {
    const auto add = [&](const shape& s, temperature from) {
      cases.push_back({f.name, s, from, f.contestants});
    };
    if (e == extent::quick) {
      add({256, 384, 384}, temperature::hot);
      add({1, 1024, 1024}, temperature::cold);
      continue;
    }
    add(tiny_shape, temperature::hot);
    for (const int m : small_batches)
      for (const temperature from : {temperature::cold, temperature::hot})
        add({m, 4096, 4096}, from);
    for (const shape& s : large_shapes) add(s, temperature::hot);
  }
  return cases;
}

std::vector<std::string> found_peers() {
  std::vector<std::string> found;
#if defined(QTL_HAS_ONEDNN)
  found.push_back("oneDNN " + onednn_version());
#endif
#if defined(QTL_HAS_OPENBLAS)
  found.push_back(openblas_version());
#endif
#if defined(QTL_HAS_EIGEN_LEVELS)
  found.push_back("Eigen " QTL_EIGEN_VERSION);
#endif
  return found;
}

std::vector<std::string> missing_peers() {
  std::vector<std::string> missing;
#if !defined(QTL_HAS_ONEDNN)
  missing.push_back("oneDNN 2.x");
#endif
#if !defined(QTL_HAS_OPENBLAS)
  missing.push_back("OpenBLAS");
#endif
#if !defined(QTL_HAS_EIGEN_LEVELS)
  missing.push_back("Eigen for AVX2 and AVX-512");
#endif
  return missing;
}

}  // namespace qtl_bench
