// SPDX-License-Identifier: Apache-2.0
// bench/gpu/qtl_float.cpp - products of small floats, and of f16 activations with small weights.
#include "contestants.hpp"
#include "qtl_product.hpp"

namespace qtl_bench {

std::vector<made> fp8_products(const shape& s) { return products_of<qtl::fp8>(s); }
std::vector<made> fp8_static_products(const shape& s) { return products_of<qtl::fp8_static>(s); }
std::vector<made> fp8_block_products(const shape& s) { return products_of<qtl::fp8_block>(s); }
std::vector<made> w4a16_products(const shape& s) { return products_of<qtl::w4a16>(s); }
std::vector<made> w4a16_affine_products(const shape& s) {
  return products_of<qtl::w4a16_affine>(s);
}
std::vector<made> nf4_products(const shape& s) { return products_of<qtl::nf4_a16>(s); }
std::vector<made> w8a16_products(const shape& s) { return products_of<qtl::w8a16>(s); }

}  // namespace qtl_bench
