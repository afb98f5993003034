// SPDX-License-Identifier: Apache-2.0
// EXPECT: formats of 16 and 32 bits are not scaled: use unscaled
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<bf16, unscaled>;

#ifdef QTL_BAD
using bad = policy<bf16, symmetric>;
#endif
