// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/real_loops.inl - the loops in f32, after the integer ones.

#include "qtl/backend/cpu/simd/real_product.inl"
#include "qtl/backend/cpu/simd/real_tiles.inl"
