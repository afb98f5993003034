// SPDX-License-Identifier: Apache-2.0
// EXPECT: a block has at least one row and one column
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_block<1, 1>>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, per_block<0, 128>>;
#endif
