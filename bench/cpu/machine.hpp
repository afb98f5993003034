// SPDX-License-Identifier: Apache-2.0
// bench/cpu/machine.hpp - what a figure needs to be understood later: CPU, load, date, compiler.
#pragma once

#include <string>

namespace qtl_bench {

std::string cpu_model();
/// Runnable processes over the last minute.
double load_average();
std::string utc_time();
std::string compiler();

/// Starts the program again with the environment that libraries read before main(): 2 MiB pages
/// through madvise for all large allocations, and for OpenBLAS, which does not know newer cores and
/// falls back to AVX2 there, a kind of core with AVX-512 where there is AVX-512. Returns where
/// nothing was to be done.
void restart_with_environment(char** argv);
/// Whether allocations ask for 2 MiB pages.
bool has_huge_pages();

}  // namespace qtl_bench
