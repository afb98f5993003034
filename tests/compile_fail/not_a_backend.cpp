// SPDX-License-Identifier: Apache-2.0
// EXPECT: a backend has a static name and kernels(), a list of gemm_kernel
#include "qtl/nn/qlinear.hpp"

using namespace qtl;

using good = QLinear<policy<s8>, policy<f32, unscaled>, cpu_backend>;

#ifdef QTL_BAD
using bad = QLinear<policy<s8>, policy<f32, unscaled>, int>;
#endif
