// SPDX-License-Identifier: Apache-2.0
// EXPECT: affine quantization needs an integer format
#include "qtl/policy/presets.hpp"

using namespace qtl;

using good = policy<nf4, symmetric, per_group<64>>;

#ifdef QTL_BAD
using bad = policy<nf4, affine, per_group<64>>;
#endif
