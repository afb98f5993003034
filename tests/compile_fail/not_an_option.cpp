// SPDX-License-Identifier: Apache-2.0
// EXPECT: a policy option is scaled_by<...>, scaled_by_two_levels<...>, a round_* tag, dynamic or static_scale
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_tensor, dynamic>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, per_tensor, int>;
#endif
