// SPDX-License-Identifier: Apache-2.0
// bench/benchmarks.hpp - what the files of this folder offer to main().
// To add a benchmark: bench/<name>_bench.cpp with a register function, its declaration here, its call in main.cpp,
// its name in meson.build. Check the result before timing it; what is wrong gets no time.
#pragma once

#include <string>

#include <benchmark/benchmark.h>

namespace qtl_bench {

/// How much to register: the main list, or every preset at every shape (--all).
enum class extent { main_list, everything };

void register_quantize();
void register_observe();
void register_methods();
void register_linear_integer(extent e);
void register_linear_weight_only(extent e);
void register_linear_fp8(extent e);
void register_linear_microscaled(extent e);

/// Ends a benchmark whose result is wrong, and the program with status 1.
void refuse(benchmark::State& state, const std::string& why);

}  // namespace qtl_bench
