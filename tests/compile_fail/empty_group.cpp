// SPDX-License-Identifier: Apache-2.0
// EXPECT: a group has at least one column
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_group<1>>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, per_group<0>>;
#endif
