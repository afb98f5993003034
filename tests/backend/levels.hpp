// SPDX-License-Identifier: Apache-2.0
// tests/backend/levels.hpp - the levels that kernels are written for, whether this machine has them
// or not.
#pragma once

#include "qtl/backend/cpu/isa.hpp"

namespace qtl_test {

using qtl::isa_level;

/// Of integer products, and of the quantizer beside them.
inline constexpr isa_level levels[] = {
    isa_level::portable, isa_level::neon_dot, isa_level::neon_i8mm,  isa_level::avx2,
    isa_level::avx_vnni, isa_level::avx512,   isa_level::avx512_vnni};
/// Of products in f32.
inline constexpr isa_level real_levels[] = {isa_level::neon_dot, isa_level::avx2,
                                            isa_level::avx512};

}  // namespace qtl_test
