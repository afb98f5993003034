// SPDX-License-Identifier: Apache-2.0
// EXPECT: a number format needs static constexpr name, bits, max, encode(float) and decode(code)
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8>;

#ifdef QTL_BAD
using bad = policy<int>;
#endif
