// SPDX-License-Identifier: Apache-2.0
// bench/gpu/ceilings.hpp - what this chip reaches today: figures are compared with these, not with
// a data sheet.
// Holds: ceilings, measure_ceilings.
#pragma once

#include "rounds.hpp"

namespace qtl_bench {

struct ceilings {
  double copy_bytes = 0;       ///< per second, read and written, of a 1 GiB copy
  double bf16_operations = 0;  ///< per second, of cuBLASLt's 8192 x 8192 x 8192; 0 without it
};

/// Zeros on the emulator, where they would mean nothing.
ceilings measure_ceilings(const effort& e, telemetry& chip);

}  // namespace qtl_bench
