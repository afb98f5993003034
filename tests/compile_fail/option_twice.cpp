// SPDX-License-Identifier: Apache-2.0
// EXPECT: give at most one scale storage, one rounding and one of dynamic and static_scale
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_token, dynamic>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, per_token, dynamic, static_scale>;
#endif
