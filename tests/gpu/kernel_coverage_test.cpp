// SPDX-License-Identifier: Apache-2.0
// tests/gpu/kernel_coverage_test.cpp - no kernel of the backend is left out of the tests, and what
// finds gaps in them does find them.
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "qtl/gpu/host/kernel_list.cuh"
#include "qtl/gpu/kernel/weight_only_policies.cuh"

#include "gpu/coverage.hpp"
#include "gpu/covered_products.hpp"
#include "gpu/covered_weights.hpp"
#include "gpu/covering.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;

template<class... P>
auto kernels_of(type_list<P...>) -> type_list<typename P::kernel...>;
template<class Shape, class... P>
auto weight_kernels_of(type_list<P...>) -> type_list<gpu::gemm_weight_only<gpu::weight_only<
    gpu::weight_only_format_of<typename P::weight, typename P::activation>, Shape>>...>;
template<class Products>
using in_all_shapes = concatenated<decltype(weight_kernels_of<gpu::few_rows>(Products{})),
                                   decltype(weight_kernels_of<gpu::some_rows>(Products{})),
                                   decltype(weight_kernels_of<gpu::many_rows>(Products{}))>;

template<class Shape, class... P>
auto bulk_kernels_of(type_list<P...>) -> type_list<gpu::gemm_weight_only_sm90<gpu::weight_only_sm90<
    gpu::weight_only_format_of<typename P::weight, typename P::activation>, Shape>>...>;

/// What the other files of tests walk over.
using covered_rows_products =
    concatenated<covered::w8a8, covered::s4s4, covered::fp8, covered::fp8_running,
                 covered::fp8_blocks, covered::fp8_groups, covered::w8a8_sm90, covered::fp8_sm90,
                 covered::fp8_sm90_running, covered::fp8_sm90_blocks, covered::fp8_sm90_groups,
                 covered::w8a8_swapped, covered::fp8_swapped, covered::fp8_swapped_running,
                 covered::fp8_swapped_blocks, covered::fp8_swapped_groups>;
using covered_kernels =
    concatenated<decltype(kernels_of(covered_rows_products{})), in_all_shapes<covered::w4a16>,
                 in_all_shapes<covered::w8a16>, in_all_shapes<covered::float4>,
                 in_all_shapes<covered::w4a8_rows>,
                 decltype(weight_kernels_of<gpu::few_rows_in_order>(covered::w4a8_groups{})),
                 decltype(weight_kernels_of<gpu::some_rows_in_order>(covered::w4a8_groups{})),
                 decltype(weight_kernels_of<gpu::many_rows>(covered::w4a8_groups{})),
                 decltype(bulk_kernels_of<gpu::converted_256x128>(covered::bulk_weights{})),
                 decltype(bulk_kernels_of<gpu::converted_128x64>(covered::bulk_weights{})),
                 decltype(bulk_kernels_of<gpu::converted_256x128>(covered::bulk_fp8{})),
                 decltype(bulk_kernels_of<gpu::converted_128x64>(covered::bulk_fp8{})),
                 decltype(bulk_kernels_of<gpu::converted_128x16>(covered::bulk_fp8{}))>;

TEST_CASE("every kernel that the backend lists is one that the tests walk over") {
  int listed = 0;
  for_each_type(gpu::gemm_entries{}, [&]<class Entry>() {
    for_each_type(typename Entry::kernels{}, [&]<class K>() {
      const std::string kernel(K::name.view());
      CAPTURE(kernel);
      CHECK(list_contains<K, covered_kernels>);
      ++listed;
    });
  });
  CHECK(listed >= 100);
}

TEST_CASE("a covering design has every pair that may be, and few rows") {
  factor_levels levels;
  levels.counts = {9, 6, 6, 5, 5, 3, 2, 2, 2};
  levels.may_meet = [](int f, int a, int g, int b) {
    return !(f == 3 && a == 0 && g == 4 && b != 0);
  };
  const covering_rows design(levels);
  CHECK(design.rows().size() <= 70);  // 54 is the least that 9 and 6 levels take
  int pairs = 0;
  for (int f = 0; f < levels.factors(); ++f)
    for (int g = f + 1; g < levels.factors(); ++g)
      for (int pair = 0; pair < levels.of(f) * levels.of(g); ++pair) {
        const int a = pair / levels.of(g);
        const int b = pair % levels.of(g);
        bool met = false;
        for (const factor_row& row : design.rows())
          met |= row[static_cast<std::size_t>(f)] == a && row[static_cast<std::size_t>(g)] == b;
        CHECK(met == levels.allows(f, a, g, b));
        ++pairs;
      }
  CHECK(pairs == 688);
}

TEST_CASE("combined rows hold each combination that may be once") {
  factor_levels levels;
  levels.counts = {9, 6, 5, 4, 2};
  levels.may_meet = [](int f, int a, int g, int b) {
    if (f == 0 && a == 8 && g == 2) return b == 0;   // both combined
    return !(f == 1 && a == 5 && g == 2 && b != 0);  // one drawn
  };
  const combined_rows design(levels, {0, 2, 3});
  CHECK(design.rows().size() == (8 * 5 + 1) * 4);
  std::set<factor_row> combinations;
  for (const factor_row& row : design.rows()) {
    combinations.insert({row[0], row[2], row[3]});
    for (int f = 0; f < levels.factors(); ++f)
      for (int g = f + 1; g < levels.factors(); ++g)
        CHECK(levels.allows(f, row[static_cast<std::size_t>(f)], g,
                            row[static_cast<std::size_t>(g)]));
  }
  CHECK(combinations.size() == design.rows().size());
}

/// Every run there is, but for those that `left_out` names.
void note_all_but(const char* kernel, bool (*left_out)(const gpu::epilogue_params&)) {
  gpu::epilogue_params e;
  for (e.m = 0; e.m <= 130; ++e.m)
    for (const auto kind : covered_outputs)
      for (const auto function : covered_functions) {
        e.n = e.k = e.m < 2 ? 1 : 131;
        e.kind = kind;
        e.function = function;
        if (!left_out(e)) note_run(kernel, e);
      }
}

TEST_CASE("what never ran is named") {
#if QTL_GPU_EMULATED
  const auto gaps_without = [](const char* kernel, bool (*left_out)(const gpu::epilogue_params&)) {
    std::uint64_t& seed = gpu::emulated::current_settings().seed;
    for (seed = covered_seeds(coverage_of::pairs); seed > 1; --seed) note_all_but(kernel, left_out);
    note_all_but(kernel, left_out);
    return coverage_gaps(kernel, true, coverage_of::pairs).text();
  };
  const auto none = [](const gpu::epilogue_params&) { return false; };
  CHECK(gaps_without("all", none) == "");
  CHECK(coverage_gaps("all", true, coverage_of::product).text() == "");
  CHECK(gaps_without("no_17", [](const gpu::epilogue_params& e) {
          return e.m == 17;
        }).find("never ran: m 17 output 2") != std::string::npos);
  CHECK(gaps_without("no_codes", [](const gpu::epilogue_params& e) {
          return e.kind == gpu::stored_as::codes;
        }).find("never ran: m 1 output 4") != std::string::npos);
  CHECK(gaps_without("sums_only_in_silu", [](const gpu::epilogue_params& e) {
          return e.function == activation_function::silu && e.kind != gpu::stored_as::s32;
        }).find("never ran: output 1 silu") != std::string::npos);
  CHECK(gaps_without("no_second_seed", [](const gpu::epilogue_params& e) {
          return e.m == 63 && gpu::emulated::current_settings().seed == 2;
        }) == "never ran: m 63 seed 2\n");
  CHECK(gaps_without("one_column", [](const gpu::epilogue_params& e) {
          return e.m == 1;
        }).find("never ran: k 1\n") == std::string::npos);  // m 0 has it
  const auto one_gap = [](const gpu::epilogue_params& e) {
    return e.m == 64 && e.kind == gpu::stored_as::f16 && e.function == activation_function::relu &&
           gpu::emulated::current_settings().seed == 3;
  };
  CHECK(gaps_without("one_of_all", one_gap) == "");
  CHECK(coverage_gaps("one_of_all", true, coverage_of::product).text() ==
        "never ran: m 64 output 2 relu seed 3\n");
#endif
  CHECK(coverage_gaps("unknown", true, coverage_of::pairs).text().find("never ran: k 1\n") !=
        std::string::npos);
}

}  // namespace
