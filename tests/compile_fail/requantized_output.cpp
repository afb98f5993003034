// SPDX-License-Identifier: Apache-2.0
// tests/compile_fail/requantized_output.cpp - an output of four bits, which share bytes.
// EXPECT: a requantized output is an 8-bit per_tensor policy
#include "qtl/nn/qlinear.hpp"
#include "qtl/policy/presets.hpp"

using layer = qtl::QLinear<qtl::w8a8::weight, qtl::w8a8::activation>;
template<class P>
auto run(const layer& l, qtl::matrix_view<const float> x, qtl::matrix_view<std::int8_t> y) {
  return l.run<P>(x, y, {1.0f, {}}, {});
}
auto good(const layer& l, qtl::matrix_view<const float> x, qtl::matrix_view<std::int8_t> y) {
  return run<qtl::policy<qtl::s8>>(l, x, y);
}

#ifdef QTL_BAD
auto bad(const layer& l, qtl::matrix_view<const float> x, qtl::matrix_view<std::int8_t> y) {
  return run<qtl::policy<qtl::s4>>(l, x, y);
}
#endif
