// SPDX-License-Identifier: Apache-2.0
// tests/nn/preset_layers_1_test.cpp - part 1 of the shipped presets as layers, for the tests that
// walk layer_cases().
#include "nn/layer_cases.hpp"

namespace {

[[maybe_unused]] const bool added = qtl_test::add_layers<true>(qtl_test::preset_part<1, 3>{});

}  // namespace
