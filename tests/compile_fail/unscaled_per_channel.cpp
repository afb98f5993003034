// SPDX-License-Identifier: Apache-2.0
// EXPECT: unscaled values are floating-point and have no granularity: write policy<f16, unscaled>
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<f16, unscaled>;

#ifdef QTL_BAD
using bad = policy<f16, unscaled, per_channel>;
#endif
