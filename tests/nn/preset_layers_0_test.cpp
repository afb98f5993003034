// SPDX-License-Identifier: Apache-2.0
// tests/nn/preset_layers_0_test.cpp - part 0 of the shipped presets as layers, for the tests that
// walk layer_cases().
#include "nn/layer_cases.hpp"

namespace {

[[maybe_unused]] const bool added = qtl_test::add_layers<true>(qtl_test::preset_part<0, 3>{});

}  // namespace
