// SPDX-License-Identifier: Apache-2.0
// bench/cpu/packing.hpp - how long it takes to bring weights into their kernels' layouts, which is
// done once a layer.
// Holds: packing_result, measure_packing. Quantizing them is not part of it: bench/quantize_bench.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtl/base/executor.hpp"

namespace qtl_bench {

struct packing_result {
  std::string name;    ///< packing/POLICY
  std::string kernel;  ///< whose layout
  double seconds = 0;  ///< of one packing, the median
  double weights = 0;
  double bytes = 0;  ///< codes read, panels written

  double bandwidth() const { return seconds > 0 ? bytes / seconds : 0; }
  /// The seconds that a model of 7 billion weights takes at this speed.
  double seconds_of_7b() const { return weights > 0 ? seconds / weights * 7e9 : 0; }
};

/// One result for each policy whose name has `filter` in it.
std::vector<packing_result> measure_packing(const std::string& filter,
                                            const qtl::executor_ref& executor);

}  // namespace qtl_bench
