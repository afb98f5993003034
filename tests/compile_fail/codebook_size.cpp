// SPDX-License-Identifier: Apache-2.0
// EXPECT: a codebook of b bits has 2^b values
#include "qtl/format/codebook.hpp"

using namespace qtl;

static_assert(codebook<4, nf4_table>::bits == 4);

#ifdef QTL_BAD
static_assert(codebook<3, nf4_table>::bits == 3);
#endif
