// SPDX-License-Identifier: Apache-2.0
// tests/gpu/bulk_weight.hpp - runs Hopper's products with packed weights on the operands of
// weight_only.hpp.
#pragma once

#include "qtl/gpu/host/bulk_weight_params.cuh"

#include "gpu/weight_only.hpp"

namespace qtl_test {

/// Runs the kernel of W, X and Shape on a GPU of two multiprocessors, so that blocks walk over
/// several tiles.
template<class W, class X, HopperShape Shape>
void run_product(const product_case& c, const weight_on_device<W>& w, const gpu::byte_rows& x,
                 gpu::epilogue_params out) {
  using format = gpu::weight_only_format_of<W, X>;
  using kernel = gpu::gemm_weight_only_sm90<gpu::weight_only_sm90<format, Shape>>;
  out.m = c.m;
  out.n = c.n;
  out.k = c.k;
  out.row_stride = c.n;
  if (!w.layout.is_grouped)
    out.scale_w = {reinterpret_cast<const float*>(w.packed.data() + w.layout.scales_at()), 1};
  auto params = gpu::bulk_weight_params_of<kernel>(x, w.layout, w.operand(), out, 2);
  require_ok(params.why());
  const std::int64_t tiles = kernel::counters(c.m, c.n);
  const device_array<std::uint32_t> counters(
      std::vector<std::uint32_t>(static_cast<std::size_t>(tiles) + 1, 0u));
  const device_array<std::byte> partials(1 + kernel::workspace_bytes(c.m, c.n, c.splits));
  params->split = {c.splits, counters.data(), reinterpret_cast<gpu::ptx::words4*>(partials.data())};
  run_kernel<kernel>(*params);
  require_written();
  note_run(kernel::name.view(), out);
  std::uint32_t left = 0;  // counters reset themselves
  for (const std::uint32_t counter : counters.download()) left |= counter;
  CHECK(left == 0);
}

/// Tiles that are full, cut off, and more than one in both directions; slabs that are cut off.
/// `step`: elements in 16 bytes.
template<class F>
void for_each_bulk_case(std::int64_t step, F&& check) {
  constexpr std::int64_t extents[][3] = {{1, 1, 1}, {65, 131, 173}, {130, 290, 330}, {17, 40, 700}};
  int i = 0;
  for (const auto& [m, n, k] : extents) {
    product_case c;
    c.m = m;
    c.n = n;
    c.k = k;
    c.x_padding = (step - k % step) % step + i % 2 * step;
    c.has_bias = i % 2 == 0;
    c.has_nan = i % 3 == 2;
    check(c);
    ++i;
  }
}

}  // namespace qtl_test
