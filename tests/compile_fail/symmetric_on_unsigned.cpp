// SPDX-License-Identifier: Apache-2.0
// EXPECT: symmetric quantization needs a signed format: use s8 for u8, or affine
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric>;

#ifdef QTL_BAD
using bad = policy<u8, symmetric>;
#endif
