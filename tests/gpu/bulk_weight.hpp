// SPDX-License-Identifier: Apache-2.0
// tests/gpu/bulk_weight.hpp - runs Hopper's products with packed weights on the operands of
// weight_only.hpp.
#pragma once

#include "qtl/gpu/host/bulk_weight_params.cuh"

#include "gpu/weight_only_cases.hpp"

namespace qtl_test {

/// The kernel of W, X and Shape.
template<class W, class X, HopperShape Shape>
using bulk_weight_kernel =
    gpu::gemm_weight_only_sm90<gpu::weight_only_sm90<gpu::weight_only_format_of<W, X>, Shape>>;

/// Runs it on a GPU of two multiprocessors, so that blocks walk over several tiles.
template<class W, class X, HopperShape Shape>
void run_product(const product_case& c, const weight_on_device<W>& w, const gpu::byte_rows& x,
                 const gpu::epilogue_params& out) {
  using kernel = bulk_weight_kernel<W, X, Shape>;
  gpu::bulk_weight_maps maps;
  auto params =
      gpu::bulk_weight_params_of<kernel>(x, w.layout, w.operand(), of_product(out, c, w), 2, maps);
  require_ok(params.why());
  const split_sums sums(c.splits, kernel::counters(c.m, c.n),
                        kernel::workspace_bytes(c.m, c.n, c.splits));
  params->split = sums.split();
  run_product<kernel>(*params, params->epilogue, sums);
}

/// The case as this kernel takes it: columns in their own order, rows at multiples of 16 bytes.
template<class W, class X, HopperShape Shape>
product_case bulk_case(product_case c) {
  constexpr std::int64_t step = 16 / static_cast<std::int64_t>(sizeof(typename X::code));
  c.x_padding = (step - c.k % step) % step + (c.x_padding != 0 ? step : 0);
  c.reorders = false;
  if (!bulk_weight_kernel<W, X, Shape>::can_split) c.splits = 1;
  return c;
}

template<class W, class X, HopperShape Shape>
void check_bulk_weight(const product_case& c) {
  if constexpr (std::is_same_v<X, qtl::s8>)
    check_integer_product<W, Shape>(bulk_case<W, X, Shape>(c));
  else
    check_real_product<W, X, Shape>(bulk_case<W, X, Shape>(c));
}

/// In all that the kernel can be asked for.
template<class W, class X, HopperShape Shape>
void cover_bulk_weight(coverage_of how) {
  cover_product<bulk_weight_kernel<W, X, Shape>>(
      how, [](const product_case& c) { check_bulk_weight<W, X, Shape>(c); });
}

/// Where formats differ: groups and slabs that are cut off, tiles that are full, cut off, and more
/// than one in both directions. Each under a seed of its own.
template<class W, class X, HopperShape Shape>
void sample_bulk_weight() {
  constexpr std::int64_t extents[][3] = {
      {1, 1, 1}, {65, 131, 173}, {130, 290, 330}, {17, 40, 700}, {64, 256, 256}};
  std::uint64_t seed = 0;
  for (const auto& [m, n, k] : extents) {
    product_case c;
    c.m = m;
    c.n = n;
    c.k = k;
    c.has_bias = seed % 2 == 0;
    c.has_nan = seed % 3 == 2;
    under_seed(++seed, [&] { check_bulk_weight<W, X, Shape>(c); });
  }
}

}  // namespace qtl_test
