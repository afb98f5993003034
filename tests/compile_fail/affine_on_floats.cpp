// SPDX-License-Identifier: Apache-2.0
// EXPECT: affine quantization needs an integer format: a zero point has no meaning for floating-point or codebook values; use symmetric
#include "qtl/policy/policy.hpp"

using namespace qtl;

using good = policy<u8, affine, per_tensor>;

#ifdef QTL_BAD
using bad = policy<e4m3, affine, per_tensor>;
#endif
