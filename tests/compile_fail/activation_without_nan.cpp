// SPDX-License-Identifier: Apache-2.0
// EXPECT: an unscaled activation needs a format that holds NaN: f32, f16, bf16 or an FP8 format
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy_pair<"good", policy<s8>, policy<e4m3, unscaled>>;

#ifdef QTL_BAD
using bad = policy_pair<"bad", policy<s8>, policy<e2m1, unscaled>>;
#endif
