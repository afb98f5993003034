// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/integer_loops.inl - the loops that need a dot product of bytes, in the order in which they build on
// each other.

// clang-format off
#include "qtl/backend/cpu/simd/quantize.inl"
#include "qtl/backend/cpu/simd/functions.inl"
#include "qtl/backend/cpu/simd/epilogue.inl"
#include "qtl/backend/cpu/simd/quad_step.inl"
#include "qtl/backend/cpu/simd/integer_tiles.inl"
#include "qtl/backend/cpu/simd/integer_product.inl"
// clang-format on
