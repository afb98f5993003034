// SPDX-License-Identifier: Apache-2.0
// EXPECT: this format rounds to its nearest value only: it has no encode(float, rounding)
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy<e2m1, symmetric, per_tensor, round_floor>;

#ifdef QTL_BAD
using bad = policy<nf4, symmetric, per_tensor, round_floor>;
#endif
