// SPDX-License-Identifier: Apache-2.0
// bench/gpu/explain.hpp - why a kernel takes the tile sizes that it takes.
#pragma once

#include <iosfwd>
#include <vector>

#include "cases.hpp"
#include "device.hpp"

namespace qtl_bench {

/// For each case that is a product: what select.hpp's model says of every candidate, best first.
void print_explanations(std::ostream& out, const std::vector<bench_case>& cases,
                        const qtl::device_facts& device);

}  // namespace qtl_bench
