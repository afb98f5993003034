// SPDX-License-Identifier: Apache-2.0
// EXPECT: a static activation scale is per_tensor: its tokens are not known beforehand; add dynamic
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy_pair<"good", policy<s8>, policy<s8, symmetric, per_token, dynamic>>;

#ifdef QTL_BAD
using bad = policy_pair<"bad", policy<s8>, policy<s8, symmetric, per_token>>;
#endif
