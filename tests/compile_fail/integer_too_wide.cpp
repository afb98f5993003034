// SPDX-License-Identifier: Apache-2.0
// EXPECT: an integer format has 1 to 8 bits
#include "qtl/format/integer.hpp"

using namespace qtl;

static_assert(integer<8>::qmax == 127);

#ifdef QTL_BAD
static_assert(integer<9>::qmax == 255);
#endif
