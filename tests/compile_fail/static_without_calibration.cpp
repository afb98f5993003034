// SPDX-License-Identifier: Apache-2.0
// EXPECT: a static activation policy needs its calibrated parameters: QLinear{weight, bias, qtl::calibrate<A>(samples)}
#include "qtl/nn/qlinear.hpp"

using namespace qtl;

using layer = QLinear<policy<s8>, policy<s8>>;
auto good(QTensor<policy<s8>> w, qparams<policy<s8>> p) { return layer::make(std::move(w), {}, p); }

#ifdef QTL_BAD
auto bad(QTensor<policy<s8>> w) { return layer::make(std::move(w)); }
#endif
