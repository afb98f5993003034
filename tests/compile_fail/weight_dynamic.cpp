// SPDX-License-Identifier: Apache-2.0
// EXPECT: a weight is quantized once: dynamic is for activations
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy_pair<"good", policy<s8, symmetric, per_channel>, a32>;

#ifdef QTL_BAD
using bad = policy_pair<"bad", policy<s8, symmetric, per_channel, dynamic>, a32>;
#endif
