// SPDX-License-Identifier: Apache-2.0
// EXPECT: floor, ceil, even and rceil are the rules of e8m0 scales; the other formats round to nearest
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_tensor, scaled_by<e8m0, scale_rule::ceil>>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, per_tensor, scaled_by<f16, scale_rule::ceil>>;
#endif
