// SPDX-License-Identifier: Apache-2.0
// bench/gpu/explain.hpp - why a kernel takes the tile sizes that it takes.
#pragma once

#include <iosfwd>
#include <optional>
#include <vector>

#include "cases.hpp"
#include "device.hpp"

namespace qtl_bench {

/// For each case that is a product: what the library's model says of every candidate, best first.
void print_explanations(std::ostream& out, const std::vector<bench_case>& cases,
                        const qtl::device_facts& device);

/// A GPU as its vendor describes it, by a short name; nothing where nobody knows that name.
std::optional<qtl::device_facts> described_device(const std::string& name);

}  // namespace qtl_bench
