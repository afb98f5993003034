// SPDX-License-Identifier: Apache-2.0
// tests/gpu/bulk_product.hpp - runs a warp-specialized product on the operands of
// product_operands.hpp.
#pragma once

#include "qtl/gpu/host/bulk_params.cuh"
#include "qtl/gpu/kernel/multistage_product.cuh"

#include "gpu/integer_product.hpp"

namespace qtl_test {

/// The output of K on a GPU of so many multiprocessors; every byte is written once. `complete` adds
/// to the params what only this kernel has. With splits it runs twice on one workspace.
template<class K, class F>
std::vector<std::uint8_t> run_bulk_product(const gpu::byte_rows& x, const gpu::byte_rows& w,
                                           const product_values& values, int multiprocessors,
                                           const F& complete, int splits = 1) {
  const product_shape& s = values.shape;
  const split_workspace workspace(K::workspace_bytes(s.m, s.n, splits), K::counters(s.m, s.n),
                                  splits);
  if (splits > 1) {
    const device_array<std::uint8_t> first(static_cast<std::int64_t>(values.output_bytes()));
    auto params = gpu::bulk_params<K>(x, w, values.epilogue(first.data()), multiprocessors);
    require_ok(params.why());
    params->split = workspace.split;
    complete(*params);
    qtl_test::run_kernel<K>(*params);
  }
  const device_array<std::uint8_t> y(static_cast<std::int64_t>(values.output_bytes()));
  auto params = gpu::bulk_params<K>(x, w, values.epilogue(y.data()), multiprocessors);
  require_ok(params.why());
  params->split = workspace.split;
  complete(*params);
  values.expect_written_once(y);
  qtl_test::run_kernel<K>(*params);
  require_written();
  note_run(K::name.view(), params->epilogue);
  return y.download();
}

template<class K>
std::vector<std::uint8_t> run_bulk_product(const gpu::byte_rows& x, const gpu::byte_rows& w,
                                           const product_values& values, int multiprocessors,
                                           int splits = 1) {
  return run_bulk_product<K>(
      x, w, values, multiprocessors, [](const typename K::params&) {}, splits);
}

/// K equals the reference in a product of this shape.
template<class K, class X, class W>
void check_bulk_product(const product_shape& s, const finish_case& f, unsigned seed,
                        int multiprocessors, int splits = 1) {
  CAPTURE(K::name.c_str());
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  CAPTURE(static_cast<int>(f.kind));
  CAPTURE(to_string(f.function));
  CAPTURE(multiprocessors);
  CAPTURE(splits);
  const integer_product<X, W> product(s, f, row_alignment::sixteen, seed);
  CHECK(run_bulk_product<K>(product.x.view(), product.w.view(), product.values, multiprocessors,
                            splits) == product.expected());
}

}  // namespace qtl_test
