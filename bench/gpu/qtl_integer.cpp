// SPDX-License-Identifier: Apache-2.0
// bench/gpu/qtl_integer.cpp - products of integers.
#include "contestants.hpp"
#include "qtl_product.hpp"

namespace qtl_bench {

std::vector<made> w8a8_products(const shape& s) { return products_of<qtl::w8a8>(s); }
std::vector<made> w8a8_affine_products(const shape& s) { return products_of<qtl::w8a8_affine>(s); }
std::vector<made> w4a8_products(const shape& s) { return products_of<qtl::w4a8>(s); }
std::vector<made> w4a4_products(const shape& s) { return products_of<qtl::w4a4>(s); }

}  // namespace qtl_bench
