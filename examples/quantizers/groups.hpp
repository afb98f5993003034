// SPDX-License-Identifier: Apache-2.0
// examples/quantizers/groups.hpp - the groups of policies, one function and one source file each.
// A file costs 20 seconds before its first policy and 3 for each: hence few groups, none large.
#pragma once

#include <vector>

#include "quantizer.hpp"

namespace quantizers {

void add_integers(std::vector<weight_policy>& table);           ///< 8, 3 and 2 bits
void add_four_bit_integers(std::vector<weight_policy>& table);  ///< 4 bits without zero point
void add_affine_integers(std::vector<weight_policy>& table);    ///< with zero point or shift
void add_floats(std::vector<weight_policy>& table);             ///< FP8
void add_microscaled(std::vector<weight_policy>& table);        ///< MX, 8 and 6 bits
void add_four_bit_floats(std::vector<weight_policy>& table);    ///< 4 bits: MX, NVFP4, codebooks

}  // namespace quantizers
