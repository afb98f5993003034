// SPDX-License-Identifier: Apache-2.0
// gpu/hopper_product_run.hpp - operands for hopper_product, its launch, and the product by plain
// loops.
#pragma once

#include <cstdint>
#include <vector>

#include "qtl/gpu/host/tensor_map.cuh"

#include "gpu/device.hpp"
#include "gpu/hopper_product.hpp"

namespace qtl_test {

/// Operands of one product, on both sides. Rows in memory are padded to 16 bytes, as TMA wants it.
struct product_case {
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  std::int64_t pitch = (k + 15) / 16 * 16;
  std::vector<std::int8_t> x = codes(m * pitch, 1);
  std::vector<std::int8_t> w = codes(n * pitch, 2);
  device_array<std::int8_t> x_device{x};
  device_array<std::int8_t> w_device{w};

  static std::vector<std::int8_t> codes(std::int64_t count, std::uint32_t seed) {
    std::vector<std::int8_t> all(static_cast<std::size_t>(count));
    std::uint32_t state = seed * 2654435761u + 12345u;
    for (std::int8_t& c : all) {
      state = state * 1664525u + 1013904223u;
      c = static_cast<std::int8_t>(state >> 24);
    }
    return all;
  }

  std::vector<std::int32_t> expected() const {
    std::vector<std::int32_t> y;
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        std::int32_t sum = 0;
        for (std::int64_t p = 0; p < k; ++p)
          sum += x[static_cast<std::size_t>(i * pitch + p)] *
                 w[static_cast<std::size_t>(j * pitch + p)];
        y.push_back(sum);
      }
    return y;
  }

  /// The map of an operand in boxes of `rows` rows and one slab.
  qtl::gpu::ptx::tensor_map map(const device_array<std::int8_t>& operand, std::int64_t operand_rows,
                                int rows) const {
    qtl::gpu::tensor_shape shape;
    shape.data = operand.data();
    shape.columns = k;
    shape.rows = operand_rows;
    shape.pitch = pitch;
    shape.box_columns = 128;
    shape.box_rows = rows;
    shape.swizzle = qtl::gpu::ptx::shared_swizzle::bytes_128;
    auto encoded = qtl::gpu::encode_tensor_map(shape);
    require_ok(encoded.why());
    return *encoded;
  }

  template<class K>
  typename K::params params(const device_array<std::int32_t>& y) const {
    return {map(x_device, m, K::tile_m), map(w_device, n, K::tile_n), y.data(), m, n, k};
  }
};

}  // namespace qtl_test
