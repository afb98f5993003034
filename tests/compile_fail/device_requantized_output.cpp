// SPDX-License-Identifier: Apache-2.0
// tests/compile_fail/device_requantized_output.cpp - codes of floats, which no kernel of a device
// writes.
// EXPECT: on a device a requantized output is an 8-bit integer per_tensor policy that rounds to nearest even
#include "qtl/gpu.hpp"

using layer = qtl::QLinear<qtl::w8a8::weight, qtl::w8a8::activation, qtl::gpu_backend>;
template<class P>
auto run(const layer& l, qtl::device_view<const qtl::f16> x,
         qtl::device_view<typename P::format> y) {
  return l.run<P>(x, y, qtl::qparams<P>{}, {});
}
auto good(const layer& l, qtl::device_view<const qtl::f16> x, qtl::device_view<qtl::u8> y) {
  return run<qtl::policy<qtl::u8, qtl::affine>>(l, x, y);
}

#ifdef QTL_BAD
auto bad(const layer& l, qtl::device_view<const qtl::f16> x, qtl::device_view<qtl::e4m3> y) {
  return run<qtl::policy<qtl::e4m3>>(l, x, y);
}
#endif
