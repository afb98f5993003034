// SPDX-License-Identifier: Apache-2.0
// EXPECT: a scale is kept in f32, f16, bf16 or e8m0; for e4m3 use scaled_by_two_levels
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_tensor, scaled_by<f16>>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, per_tensor, scaled_by<e4m3>>;
#endif
