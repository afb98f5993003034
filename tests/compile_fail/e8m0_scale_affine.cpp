// SPDX-License-Identifier: Apache-2.0
// EXPECT: an e8m0 scale goes with symmetric: it has no sign, and its rules start from amax alone
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s4, symmetric, per_group<32>, scaled_by<e8m0>>;

#ifdef QTL_BAD
using bad = policy<u4, affine, per_group<32>, scaled_by<e8m0>>;
#endif
