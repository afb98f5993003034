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
#if defined(QTL_HAS_XNNPACK)
  peers.push_back(make_xnnpack_f32);
#endif
#if defined(QTL_HAS_EIGEN_LEVELS)
  if (qtl::is_available(qtl::isa_level::avx512)) peers.push_back(make_eigen_avx512);
  if (qtl::is_available(qtl::isa_level::avx2)) peers.push_back(make_eigen_avx2);
#endif
  return peers;
}

// Products of codes: whoever calls them has quantized already.
std::vector<make_contestant> int8_peers() {
  std::vector<make_contestant> peers;
#if defined(QTL_HAS_ONEDNN)
  peers.push_back(make_onednn_s8);
  peers.push_back(make_onednn_u8);
#endif
#if defined(QTL_HAS_XNNPACK)
  peers.push_back(make_xnnpack_qs8);
#endif
  return peers;
}

std::vector<make_contestant> zero_point_peers() {
  std::vector<make_contestant> peers;
#if defined(QTL_HAS_ONEDNN)
  peers.push_back(make_onednn_zero_points);
#endif
#if defined(QTL_HAS_XNNPACK)
  peers.push_back(make_xnnpack_qu8);
#endif
  return peers;
}

struct layer_peers {
  std::vector<make_contestant> w8a8, w4a8;
};

// Layers that quantize their activations, as ours do.
layer_peers list_layer_peers() {
#if defined(QTL_HAS_GGML)
  return {{make_ggml_q8_0}, {make_ggml_q4_0}};
#else
  return {};
#endif
}

struct family {
  const char* name;
  std::vector<make_contestant> contestants;
};

std::vector<family> families() {
  const layer_peers layers = list_layer_peers();
  const auto with_peers = [](std::vector<make_contestant> ours, auto&&... peers) {
    (ours.insert(ours.end(), peers.begin(), peers.end()), ...);
    return ours;
  };
  return {
      {"w8a8", with_peers(w8a8_contestants(), int8_peers(), layers.w8a8, float_peers())},
      {"w8a8_affine", with_peers(w8a8_affine_contestants(), zero_point_peers())},
      {"w4a8", with_peers(w4a8_contestants(), int8_peers(), layers.w4a8, float_peers())},
      {"weight_only", with_peers(weight_only_contestants(), float_peers())},
      {"bf16", with_peers(bf16_contestants(), float_peers())},
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
#if defined(QTL_HAS_XNNPACK)
  found.push_back("XNNPACK, which tells no version");
#endif
#if defined(QTL_HAS_GGML)
  found.push_back(ggml_name());
#endif
  return found;
}

std::vector<std::string> missing_peers() {
  std::vector<std::string> missing;
#if !defined(QTL_HAS_ONEDNN)
  missing.push_back("oneDNN 2.x or 3.x");
#endif
#if !defined(QTL_HAS_OPENBLAS)
  missing.push_back("OpenBLAS");
#endif
#if !defined(QTL_HAS_EIGEN_LEVELS)
  missing.push_back("Eigen for AVX2 and AVX-512");
#endif
#if !defined(QTL_HAS_XNNPACK)
  missing.push_back("XNNPACK with the interface of 2022");
#endif
#if !defined(QTL_HAS_GGML)
  missing.push_back("ggml");
#endif
  return missing;
}

}  // namespace qtl_bench
