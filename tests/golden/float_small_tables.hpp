// SPDX-License-Identifier: Apache-2.0
// tests/golden/float_small_tables.hpp - every code of the 6- and 4-bit floats
// Written by make_format_tables.py from the published layouts; do not edit by hand.
// clang-format off
#pragma once

#include "words.hpp"

namespace golden {

// 1/2/3 bits, bias 1, top codes: finite
inline constexpr float e2m3[] = {
    /* 0x00 */ 0.0f, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f, 0.75f, 0.875f,
    /* 0x08 */ 1.0f, 1.125f, 1.25f, 1.375f, 1.5f, 1.625f, 1.75f, 1.875f,
    /* 0x10 */ 2.0f, 2.25f, 2.5f, 2.75f, 3.0f, 3.25f, 3.5f, 3.75f,
    /* 0x18 */ 4.0f, 4.5f, 5.0f, 5.5f, 6.0f, 6.5f, 7.0f, 7.5f,
    /* 0x20 */ -0.0f, -0.125f, -0.25f, -0.375f, -0.5f, -0.625f, -0.75f, -0.875f,
    /* 0x28 */ -1.0f, -1.125f, -1.25f, -1.375f, -1.5f, -1.625f, -1.75f, -1.875f,
    /* 0x30 */ -2.0f, -2.25f, -2.5f, -2.75f, -3.0f, -3.25f, -3.5f, -3.75f,
    /* 0x38 */ -4.0f, -4.5f, -5.0f, -5.5f, -6.0f, -6.5f, -7.0f, -7.5f,
};

// 1/3/2 bits, bias 3, top codes: finite
inline constexpr float e3m2[] = {
    /* 0x00 */ 0.0f, 0.0625f, 0.125f, 0.1875f, 0.25f, 0.3125f, 0.375f, 0.4375f,
    /* 0x08 */ 0.5f, 0.625f, 0.75f, 0.875f, 1.0f, 1.25f, 1.5f, 1.75f,
    /* 0x10 */ 2.0f, 2.5f, 3.0f, 3.5f, 4.0f, 5.0f, 6.0f, 7.0f,
    /* 0x18 */ 8.0f, 10.0f, 12.0f, 14.0f, 16.0f, 20.0f, 24.0f, 28.0f,
    /* 0x20 */ -0.0f, -0.0625f, -0.125f, -0.1875f, -0.25f, -0.3125f, -0.375f, -0.4375f,
    /* 0x28 */ -0.5f, -0.625f, -0.75f, -0.875f, -1.0f, -1.25f, -1.5f, -1.75f,
    /* 0x30 */ -2.0f, -2.5f, -3.0f, -3.5f, -4.0f, -5.0f, -6.0f, -7.0f,
    /* 0x38 */ -8.0f, -10.0f, -12.0f, -14.0f, -16.0f, -20.0f, -24.0f, -28.0f,
};

// 1/2/1 bits, bias 1, top codes: finite
inline constexpr float e2m1[] = {
    /* 0x00 */ 0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f,
    /* 0x08 */ -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f,
};

}  // namespace golden
