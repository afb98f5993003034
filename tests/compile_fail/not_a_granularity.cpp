// SPDX-License-Identifier: Apache-2.0
// EXPECT: a granularity needs static name, block_rows and block_cols
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric, per_tensor>;

#ifdef QTL_BAD
using bad = policy<s8, symmetric, dynamic>;
#endif
