// SPDX-License-Identifier: Apache-2.0
// EXPECT: two-level scales need symmetric and blocks: use per_group<16> or per_block<R, C>
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<e2m1, symmetric, per_group<16>, scaled_by_two_levels<e4m3>>;

#ifdef QTL_BAD
using bad = policy<e2m1, symmetric, per_tensor, scaled_by_two_levels<e4m3>>;
#endif
