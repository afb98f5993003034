// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/matrix_loops.inl - the loops of integer_loops.inl where an instruction multiplies blocks of bytes.

// clang-format off
#include "qtl/backend/cpu/simd/quantize.inl"
#include "qtl/backend/cpu/simd/functions.inl"
#include "qtl/backend/cpu/simd/epilogue.inl"
#include "qtl/backend/cpu/simd/matrix_step.inl"
#include "qtl/backend/cpu/simd/integer_tiles.inl"
#include "qtl/backend/cpu/simd/integer_product.inl"
// clang-format on
