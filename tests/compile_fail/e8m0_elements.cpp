// SPDX-License-Identifier: Apache-2.0
// EXPECT: e8m0 holds scales, not elements: it has no zero and no sign
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<e4m3, symmetric, per_group<32>, scaled_by<e8m0>>;

#ifdef QTL_BAD
using bad = policy<e8m0, symmetric, per_group<32>>;
#endif
