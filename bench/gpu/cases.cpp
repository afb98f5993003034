// SPDX-License-Identifier: Apache-2.0
// bench/gpu/cases.cpp - the lists.
#include "cases.hpp"

#include "contestants.hpp"

namespace qtl_bench {

namespace {

struct layer {
  const char* model;
  std::int64_t n, k;
};

/// A shape and whose layer it is.
struct named_shape {
  std::string model;
  shape extents;
};

const std::vector<layer> llama_8b = {{"8B qkv", 6144, 4096},
                                     {"8B o", 4096, 4096},
                                     {"8B gate_up", 28672, 4096},
                                     {"8B down", 4096, 14336}};
const std::vector<layer> llama_70b = {{"70B qkv", 10240, 8192},
                                      {"70B o", 8192, 8192},
                                      {"70B gate_up", 57344, 8192},
                                      {"70B down", 8192, 28672}};
const std::vector<std::int64_t> llama_tokens = {1,   2,   4,   8,    16,   32,   64,  96,
                                                128, 256, 512, 1024, 2048, 4096, 8192};
const std::vector<shape> square_shapes = {
    {2048, 2048, 2048}, {4096, 4096, 4096}, {8192, 8192, 8192}, {6144, 8192, 8192}};
// Dense layers of a mixture-of-experts model: n and k, each for 64, 128 and 4096 tokens.
const std::vector<layer> expert_layers = {{"MoE", 2112, 7168}, {"MoE", 24576, 1536},
                                          {"MoE", 32768, 512}, {"MoE", 7168, 16384},
                                          {"MoE", 4096, 7168}, {"MoE", 7168, 2048}};
// Extents that are multiples of nothing much.
const std::vector<shape> odd_shapes = {{17, 4096, 4096},  {333, 4096, 4096}, {64, 2112, 7168},
                                       {64, 576, 7168},   {64, 4096, 7392},  {64, 4096, 10944},
                                       {64, 4096, 8256},  {1, 4096, 10944},  {17, 2112, 7392},
                                       {333, 576, 10944}, {333, 2112, 8256}};
// What bounds cuBLASLt's INT8 and FP8, where others have measured something or nobody has.
const std::vector<shape> peak_shapes = {
    {4096, 4096, 4096}, {8192, 8192, 8192}, {5632, 3072, 8192}, {6144, 8192, 8192}};

std::vector<named_shape> of_layers(const std::vector<layer>& layers,
                                   const std::vector<std::int64_t>& tokens) {
  std::vector<named_shape> shapes;
  for (const layer& l : layers)
    for (const std::int64_t m : tokens) shapes.push_back({l.model, {m, l.n, l.k}});
  return shapes;
}

std::vector<named_shape> named(const char* model, const std::vector<shape>& shapes) {
  std::vector<named_shape> all;
  for (const shape& s : shapes) all.push_back({model, s});
  return all;
}

std::vector<named_shape> joined(std::vector<named_shape> all,
                                std::initializer_list<std::vector<named_shape>> more) {
  for (const std::vector<named_shape>& some : more) all.insert(all.end(), some.begin(), some.end());
  return all;
}

const std::vector<named_shape> tiny = named("", {{3, 40, 72}, {40, 130, 256}});
const std::vector<named_shape> squares = named("square", square_shapes);
const std::vector<named_shape> odd = named("odd", odd_shapes);
const std::vector<named_shape> experts = of_layers(expert_layers, {64, 128, 4096});
const std::vector<named_shape> small_llama = of_layers(llama_8b, llama_tokens);
const std::vector<named_shape> large_llama = of_layers(llama_70b, llama_tokens);
const std::vector<named_shape> quick =
    joined(named("square", {{4096, 4096, 4096}, {8192, 8192, 8192}}),
           {of_layers({llama_8b[2], llama_70b[1]}, {1, 16, 64, 128, 512, 1024, 4096}),
            named("odd", {{17, 4096, 4096}, {64, 4096, 10944}})});
// For the presets that are not the project's first concern.
const std::vector<named_shape> few = of_layers({llama_8b[2]}, {16, 4096});

// Tokens of a decode step, of a prefill, and enough for 64 MiB and more.
const std::vector<shape> tiny_tokens = {{3, 0, 72}, {40, 0, 256}};
const std::vector<shape> quick_tokens = {{16, 0, 8192}, {8192, 0, 8192}};
const std::vector<shape> all_tokens = {
    {1, 0, 4096},    {16, 0, 4096},    {16, 0, 8192},   {512, 0, 4096},  {2048, 0, 8192},
    {4096, 0, 4096}, {4096, 0, 28672}, {8192, 0, 8192}, {333, 0, 10944}, {16384, 0, 14336}};

struct family {
  const char* name;
  std::vector<make_contestants> makers;
  bool is_main = false;  ///< takes all shapes of a suite; others take few
};

const std::vector<family>& product_families() {
  static const std::vector<family> all = {
      {"w8a8", {w8a8_products, cublaslt_int8}, true},
      {"w8a8_affine", {w8a8_affine_products, cublaslt_int8}},
      {"fp8", {fp8_products, cublaslt_fp8_rows, cublaslt_fp8}, true},
      {"fp8_static", {fp8_static_products, cublaslt_fp8}, true},
      {"fp8_block", {fp8_block_products, cublaslt_fp8_blocks}, true},
      {"w4a16", {w4a16_products, cublaslt_bf16}, true},
      {"w4a16_affine", {w4a16_affine_products, cublaslt_bf16}},
      {"nf4", {nf4_products, cublaslt_bf16}},
      {"w8a16", {w8a16_products, cublaslt_bf16}},
      {"w4a8", {w4a8_products, cublaslt_int8, cublaslt_bf16}, true},
      {"w4a4", {w4a4_products, cublaslt_int8}}};
  return all;
}

const std::vector<family>& quantizer_families() {
  static const std::vector<family> all = {
      {"quantize_s8", {s8_quantizers, copies}},
      {"quantize_u8", {u8_quantizers, copies}},
      {"quantize_e4m3", {e4m3_quantizers, copies}},
      {"quantize_s8_rms_norm", {s8_rms_norm_quantizers, copies}},
      {"quantize_e4m3_rms_norm", {e4m3_rms_norm_quantizers, copies}},
      {"quantize_s8_silu_mul", {s8_silu_mul_quantizers, wide_copies}},
      {"quantize_e4m3_silu_mul", {e4m3_silu_mul_quantizers, wide_copies}}};
  return all;
}

struct suite {
  const char* name;
  std::vector<named_shape> main;    ///< for the main families of products
  std::vector<named_shape> others;  ///< for the other families
  std::vector<shape> tokens;        ///< for quantizers
};

const std::vector<suite>& suites() {
  static const std::vector<suite> all = {
      {"tiny", tiny, tiny, tiny_tokens},
      {"quick", quick, few, quick_tokens},
      {"squares", squares, {}, {}},
      {"llama8b", small_llama, {}, {}},
      {"llama70b", large_llama, {}, {}},
      {"experts", experts, {}, {}},
      {"odd", odd, odd, {}},
      {"quantize", {}, {}, all_tokens},
      {"all", joined(squares, {experts, small_llama, large_llama, odd}), quick, all_tokens},
  };
  return all;
}

// The five questions that set what can be reached (docs/benchmarks_gpu.md): each a family of its
// own name.
std::vector<bench_case> questions() {
  const auto peaks = is_real_device()
                         ? joined(named("peak", peak_shapes), {of_layers(llama_70b, {512, 4096})})
                         : tiny;
  std::vector<bench_case> cases;
  const auto add = [&](const char* name, const std::vector<named_shape>& shapes,
                       std::vector<make_contestants> makers) {
    for (const named_shape& s : shapes) cases.push_back({name, s.model, s.extents, makers});
  };
  // Half of what a copy moves is read.
  const auto as_many_bytes = [](const shape& s) { return copies({s.n, 0, s.k / 3}); };
  add("question1_int8", peaks, {w8a8_products, cublaslt_int8});
  add("question2_fp8", peaks,
      {fp8_static_products, cublaslt_fp8, cublaslt_fp8_rows, cublaslt_fp8_blocks});
  add("question3_wgmma", named("", {product_loops_shape()}), {product_loops});
  add("question4_stream", named("", stream_shapes()), {weight_streams, as_many_bytes});
  add("question5_regimes", is_real_device() ? named("square", {{8192, 8192, 8192}}) : tiny,
      {w8a8_products, fp8_static_products, cublaslt_int8, cublaslt_fp8, cublaslt_bf16});
  return cases;
}

std::vector<bench_case> cases_of(const suite& s) {
  std::vector<bench_case> cases;
  for (const family& f : product_families())
    for (const named_shape& n : f.is_main ? s.main : s.others)
      cases.push_back({f.name, n.model, n.extents, f.makers});
  for (const family& f : quantizer_families())
    for (const shape& t : s.tokens) cases.push_back({f.name, "", t, f.makers});
  return cases;
}

}  // namespace

std::optional<std::vector<bench_case>> list_cases(const std::string& name) {
  if (name == "questions") return questions();
  for (const suite& s : suites())
    if (name == s.name) return cases_of(s);
  return std::nullopt;
}

std::string suite_names() {
  std::string names;
  for (const suite& s : suites()) names += std::string(s.name) + ", ";
  return names + "questions";
}

}  // namespace qtl_bench
