// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/real_loops.inl - the loops in f32, after those for integers.

// clang-format off
#include "qtl/backend/cpu/simd/quantize_floats.inl"
#include "qtl/backend/cpu/simd/real_tiles.inl"
#include "qtl/backend/cpu/simd/real_product.inl"
// clang-format on
