// SPDX-License-Identifier: Apache-2.0
// bench/cpu/machine.hpp - load and date, and the environment that libraries read.
#pragma once

#include <string>

#include "../circumstances.hpp"

namespace qtl_bench {

/// Runnable processes over the last minute.
double load_average();
std::string utc_time();

/// Starts the program again with the environment that libraries read before main(): 2 MiB pages
/// through madvise for all large allocations, and for OpenBLAS, which does not know newer cores and
/// falls back to AVX2 there, a kind of core with AVX-512 where there is AVX-512. Returns where
/// nothing was to be done.
void restart_with_environment(char** argv);
/// Whether allocations ask for 2 MiB pages.
bool has_huge_pages();

}  // namespace qtl_bench
