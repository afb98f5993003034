// SPDX-License-Identifier: Apache-2.0
// tests/compile_fail/no_exceptions.cpp - the throwing form where there are no exceptions.
// EXPECT: this form throws; with exceptions off call the try_ form or the one returning a status
// FLAGS: -fno-exceptions
#include "qtl/ops/quantize.hpp"

auto good(const qtl::matrix<float>& x) { return qtl::try_quantize<qtl::policy<qtl::s8>>(x); }

#ifdef QTL_BAD
auto bad(const qtl::matrix<float>& x) { return qtl::quantize<qtl::policy<qtl::s8>>(x); }
#endif
