// SPDX-License-Identifier: Apache-2.0
// tests/ops/preset_cases_1_test.cpp - part 1 of the shipped presets, for properties_test.cpp.
#include "ops/policy_cases.hpp"

namespace {

[[maybe_unused]] const bool added = qtl_test::add_presets(qtl_test::preset_part<1, 2>{});

}  // namespace
