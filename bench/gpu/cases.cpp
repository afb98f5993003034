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

const std::vector<layer> llama_layers = {{"8B qkv", 6144, 4096},       {"8B o", 4096, 4096},
                                         {"8B gate_up", 28672, 4096},  {"8B down", 4096, 14336},
                                         {"70B qkv", 10240, 8192},     {"70B o", 8192, 8192},
                                         {"70B gate_up", 57344, 8192}, {"70B down", 8192, 28672}};
const std::vector<std::int64_t> llama_tokens = {1,   2,   4,   8,    16,   32,   64,  96,
                                                128, 256, 512, 1024, 2048, 4096, 8192};
const std::vector<shape> squares = {{2048, 2048, 2048}, {3072, 3072, 3072}, {4096, 4096, 4096},
                                    {6144, 6144, 6144}, {8192, 8192, 8192}, {6144, 8192, 8192}};
// Dense layers of a mixture-of-experts model: n and k, each for 64, 128 and 4096 tokens.
const std::vector<layer> expert_layers = {{"MoE", 2112, 7168}, {"MoE", 24576, 1536},
                                          {"MoE", 32768, 512}, {"MoE", 7168, 16384},
                                          {"MoE", 4096, 7168}, {"MoE", 7168, 2048}};
// Extents that are multiples of nothing much.
const std::vector<shape> odd = {{17, 4096, 4096}, {333, 4096, 4096}, {64, 2112, 7168},
                                {64, 576, 7168},  {64, 4096, 7392},  {64, 4096, 10944},
                                {64, 4096, 8256}, {1, 4096, 10944}};

const std::vector<layer> quick_layers = {{"8B gate_up", 28672, 4096}, {"70B o", 8192, 8192}};
const std::vector<std::int64_t> quick_tokens = {1, 16, 64, 128, 512, 4096};

const std::vector<shape> tiny_shapes = {{3, 40, 72}, {40, 130, 256}};

/// A shape and whose layer it is.
struct named_shape {
  std::string model;
  shape extents;
};

void add_layers(std::vector<named_shape>& to, const std::vector<layer>& layers,
                const std::vector<std::int64_t>& tokens) {
  for (const layer& l : layers)
    for (const std::int64_t m : tokens) to.push_back({l.model, {m, l.n, l.k}});
}

void add_shapes(std::vector<named_shape>& to, const char* model, const std::vector<shape>& shapes) {
  for (const shape& s : shapes) to.push_back({model, s});
}

std::vector<named_shape> product_shapes(extent e, bool is_main) {
  std::vector<named_shape> shapes;
  if (e == extent::tiny) add_shapes(shapes, "", tiny_shapes);
  if (e == extent::quick && !is_main) add_layers(shapes, {quick_layers[0]}, {16, 4096});
  if (e == extent::quick && is_main) {
    add_shapes(shapes, "square", {{4096, 4096, 4096}, {8192, 8192, 8192}});
    add_layers(shapes, quick_layers, quick_tokens);
    add_shapes(shapes, "odd", {{17, 4096, 4096}, {64, 4096, 10944}});
  }
  if (e == extent::all) {
    add_shapes(shapes, "square", squares);
    add_layers(shapes, expert_layers, {64, 128, 4096});
    add_layers(shapes, llama_layers, llama_tokens);
    add_shapes(shapes, "odd", odd);
  }
  return shapes;
}

// Tokens of a decode step, of a prefill, and enough for 64 MiB and more.
std::vector<shape> token_shapes(extent e) {
  if (e == extent::tiny) return {{3, 0, 72}, {40, 0, 256}};
  if (e == extent::quick) return {{16, 0, 8192}, {8192, 0, 8192}};
  return {{1, 0, 4096},    {16, 0, 4096},    {16, 0, 8192},   {512, 0, 4096},  {2048, 0, 8192},
          {4096, 0, 4096}, {4096, 0, 28672}, {8192, 0, 8192}, {333, 0, 10944}, {16384, 0, 14336}};
}

struct family {
  const char* name;
  std::vector<make_contestants> makers;
  bool is_main = false;  ///< takes all quick shapes; others take few
};

std::vector<family> product_families() {
  return {{"w8a8", {w8a8_products, cublaslt_int8}, true},
          {"w8a8_affine", {w8a8_affine_products, cublaslt_int8}},
          {"fp8", {fp8_products, cublaslt_fp8}, true},
          {"w4a16", {w4a16_products, cublaslt_bf16}, true},
          {"w4a16_affine", {w4a16_affine_products, cublaslt_bf16}},
          {"nf4", {nf4_products, cublaslt_bf16}},
          {"w8a16", {w8a16_products, cublaslt_bf16}},
          {"w4a8", {w4a8_products, cublaslt_int8, cublaslt_bf16}},
          {"w4a4", {w4a4_products, cublaslt_int8}}};
}

std::vector<family> quantizer_families() {
  return {{"quantize_s8", {s8_quantizers, copies}},
          {"quantize_u8", {u8_quantizers, copies}},
          {"quantize_e4m3", {e4m3_quantizers, copies}}};
}

}  // namespace

std::vector<bench_case> list_cases(extent e) {
  std::vector<bench_case> cases;
  for (const family& f : product_families())
    for (const named_shape& s : product_shapes(e, f.is_main))
      cases.push_back({f.name, s.model, s.extents, f.makers});
  for (const family& f : quantizer_families())
    for (const shape& s : token_shapes(e)) cases.push_back({f.name, "", s, f.makers});
  return cases;
}

}  // namespace qtl_bench
