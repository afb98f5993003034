// SPDX-License-Identifier: Apache-2.0
// EXPECT: a scheme needs static name, zero_point, bounds<F>() and scale<F>(range)
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<s8, symmetric>;

#ifdef QTL_BAD
using bad = policy<s8, per_tensor>;
#endif
