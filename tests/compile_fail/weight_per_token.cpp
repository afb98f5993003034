// SPDX-License-Identifier: Apache-2.0
// EXPECT: a weight has no tokens: use per_channel, per_group<G>, per_block<R, C> or per_tensor
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy_pair<"good", policy<s8, symmetric, per_channel>, a32>;

#ifdef QTL_BAD
using bad = policy_pair<"bad", policy<s8, symmetric, per_token>, a32>;
#endif
