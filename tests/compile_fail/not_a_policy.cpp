// SPDX-License-Identifier: Apache-2.0
// EXPECT: expected a qtl::policy<format, scheme, granularity, options...>
#include "qtl/tensor/qtensor.hpp"

using namespace qtl;

using good = QTensor<policy<s8>>;

#ifdef QTL_BAD
using bad = QTensor<s8>;
#endif
