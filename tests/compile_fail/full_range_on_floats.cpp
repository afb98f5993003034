// SPDX-License-Identifier: Apache-2.0
// EXPECT: full_clamp, half_step and full_range choose among integer codes: floating-point and codebook formats use symmetric
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s4, symmetric_half_step>;

#ifdef QTL_BAD
using bad = policy<e2m1, symmetric_half_step>;
#endif
