// SPDX-License-Identifier: Apache-2.0
// EXPECT: symmetric quantization needs at least 2 bits: one bit cannot hold -1, 0 and 1; use affine
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s2, symmetric>;

#ifdef QTL_BAD
using bad = policy<s1, symmetric>;
#endif
