// SPDX-License-Identifier: Apache-2.0
// EXPECT: the rows of an activation are tokens: use per_token, per_group<G> or per_tensor
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy_pair<"good", policy<s8>, policy<s8, symmetric, per_token, dynamic>>;

#ifdef QTL_BAD
using bad = policy_pair<"bad", policy<s8>, policy<s8, symmetric, per_channel, dynamic>>;
#endif
