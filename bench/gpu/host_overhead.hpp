// SPDX-License-Identifier: Apache-2.0
// bench/gpu/host_overhead.hpp - what a layer's run costs the host, before its kernels do anything.
#pragma once

#include "options.hpp"

namespace qtl_bench {

/// Prints a table, and writes it as JSON where o.json names a file. The program's exit status.
int print_host_overhead(const options& o);

}  // namespace qtl_bench
