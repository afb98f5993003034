// SPDX-License-Identifier: Apache-2.0
// qtl/format/formats.hpp - every format that the library ships, as one list.
// Holds: shipped_formats. Tests walk it, so a format added here is tested on all its codes at once.
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/format/codebook.hpp"
#include "qtl/format/e8m0.hpp"
#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"

namespace qtl::inline v0 {

/// Formats of elements; e8m0, which holds scales, comes last.
using shipped_formats =
    type_list<s1, s2, s3, s4, s5, s6, s7, s8, u1, u2, u3, u4, u5, u6, u7, u8, s2f6, e4m3, e5m2,
              e4m3fnuz, e5m2fnuz, e3m4, e2m3, e3m2, e2m1, nf4, fp4_bnb, f16, bf16, f32, e8m0>;

}  // namespace qtl::inline v0
