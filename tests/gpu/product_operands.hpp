// SPDX-License-Identifier: Apache-2.0
// tests/gpu/product_operands.hpp - random operands of a product, on the host for the reference and
// on the device.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "qtl/gemm/reference.hpp"
#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/gpu/scheduler/split_k.cuh"
#include "qtl/gpu/tile/copy.cuh"
#include "qtl/ops/quantize.hpp"

#include "gpu/coverage.hpp"
#include "gpu/device.hpp"

namespace qtl_test {

using namespace qtl;

struct product_shape {
  std::int64_t m, n, k;
};

/// Where rows begin: what the copies of tiles have a path for.
enum class row_alignment { sixteen, four, one };

/// Rows of packed codes whose gaps hold bytes that nobody may take for codes.
struct code_rows {
  std::int64_t rows;
  std::int64_t bytes;
  std::int64_t stride;
  std::int64_t offset;
  std::vector<std::uint8_t> host;
  device_array<std::uint8_t> device;

  code_rows(std::int64_t row_count, std::int64_t row_bytes, row_alignment alignment,
            std::mt19937& random)
      : rows(row_count), bytes(row_bytes) {
    const std::int64_t step = alignment == row_alignment::sixteen ? 16
                              : alignment == row_alignment::four  ? 4
                                                                  : 1;
    stride = ceil_div(bytes, step) * step;
    if (alignment == row_alignment::four && stride % 16 == 0) stride += 4;
    if (alignment == row_alignment::one && stride % 2 == 0) ++stride;
    offset = step % 16;
    // The last row has no gap: a copy beyond it leaves the array.
    host.resize(static_cast<std::size_t>(offset + (rows - 1) * stride + bytes));
    for (std::uint8_t& byte : host) byte = static_cast<std::uint8_t>(random());
  }

  std::uint8_t* row(std::int64_t i) { return host.data() + offset + i * stride; }
  const std::byte* codes() const {
    return reinterpret_cast<const std::byte*>(host.data() + offset);
  }
  void upload() { device = device_array<std::uint8_t>(host); }
  gpu::byte_rows view() const {
    return {reinterpret_cast<const std::byte*>(device.data() + offset), rows, bytes, stride};
  }
};

/// What a product does with its sums.
struct finish_case {
  gpu::stored_as kind = gpu::stored_as::f32;
  activation_function function = activation_function::none;
  bool per_token = false;    ///< scales (and zero points) of x
  bool per_channel = false;  ///< scales of w
  bool bias = false;
  bool zero_x = false;
  bool zero_w = false;
  bool signed_codes = true;  ///< of the output
  bool column_major = false;
  bool padded = false;  ///< rows of the output begin at multiples of 16 elements
};

/// The parts of a product that both formats of codes have; bits are those of a code.
struct product_values {
  product_shape shape;
  finish_case finish;
  std::vector<float> scale_x, scale_w, bias;
  std::vector<std::int32_t> zero_x, zero_w, sums_x, sums_w;
  device_array<float> d_scale_x, d_scale_w, d_bias;
  device_array<std::int32_t> d_zero_x, d_zero_w, d_sums_x, d_sums_w;

  product_values(const product_shape& s, const finish_case& f, std::mt19937& random)
      : shape(s), finish(f) {
    std::uniform_real_distribution<float> scale(0.5f, 1.5f);
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& values, std::int64_t count, auto&& draw) {
      values.resize(static_cast<std::size_t>(count));
      for (float& value : values) value = draw();
    };
    fill(scale_x, f.per_token ? s.m : 1, [&] { return scale(random) * 0.05f; });
    fill(scale_w, f.per_channel ? s.n : 1, [&] { return scale(random) * 0.05f; });
    fill(bias, s.n, [&] { return normal(random); });
    zero_x.resize(scale_x.size());
    zero_w.resize(static_cast<std::size_t>(s.n));
    d_scale_x = device_array<float>(scale_x);
    d_scale_w = device_array<float>(scale_w);
    d_bias = device_array<float>(bias);
  }

  /// Draws the zero points among the codes of each side.
  void choose_zero_points(std::mt19937& random, int low_x, int high_x, int low_w, int high_w) {
    for (std::int32_t& z : zero_x) z = std::uniform_int_distribution<int>(low_x, high_x)(random);
    for (std::int32_t& z : zero_w) z = std::uniform_int_distribution<int>(low_w, high_w)(random);
  }
  /// Sums the rows of codes, as quantization and packing do.
  void sum_codes(const gemm_args& g) {
    const auto sum = [&](const element_reader& elements, const std::byte* row) {
      std::int32_t total = 0;
      for (std::int64_t p = 0; p < shape.k; ++p) {
        float code = 0;
        elements.read(row, p, 1, &code);
        total += static_cast<std::int32_t>(code);
      }
      return total;
    };
    sums_x.clear();
    sums_w.clear();
    for (std::int64_t i = 0; i < shape.m; ++i) sums_x.push_back(sum(g.x.elements, g.x.row(i)));
    for (std::int64_t j = 0; j < shape.n; ++j) sums_w.push_back(sum(g.w.elements, g.w.row(j)));
  }
  void upload_zero_points() {
    d_zero_x = device_array<std::int32_t>(zero_x);
    d_zero_w = device_array<std::int32_t>(zero_w);
    d_sums_x = device_array<std::int32_t>(sums_x);
    d_sums_w = device_array<std::int32_t>(sums_w);
  }

  /// The epilogue that writes to y, on the device.
  gpu::epilogue_params epilogue(void* y) const {
    gpu::epilogue_params e;
    e.y = y;
    e.m = shape.m;
    e.n = shape.n;
    e.k = shape.k;
    e.row_stride = row_stride();
    e.col_stride = col_stride();
    e.kind = finish.kind;
    e.function = finish.function;
    e.scale_x = {d_scale_x.data(), finish.per_token ? 1 : 0};
    e.scale_w = {d_scale_w.data(), finish.per_channel ? 1 : 0};
    if (finish.bias) e.bias = d_bias.data();
    if (finish.zero_x) {
      e.zero_x = {d_zero_x.data(), finish.per_token ? 1 : 0};
      e.sums_w = d_sums_w.data();
    }
    if (finish.zero_w) {
      e.zero_w = {d_zero_w.data(), 1};
      e.sums_x = d_sums_x.data();
    }
    e.code_scale = code_scale;
    e.code_zero_point = finish.signed_codes ? 0 : 117;
    e.code_min = finish.signed_codes ? -127 : 0;
    e.code_max = finish.signed_codes ? 127 : 255;
    return e;
  }

  /// Writes the bytes of output (i, j), which is s32.
  void store_sum(std::vector<std::uint8_t>& bytes, std::int64_t i, std::int64_t j,
                 std::int32_t sum) const {
    std::memcpy(bytes.data() + 4 * (i * row_stride() + j * col_stride()), &sum, 4);
  }
  /// The same for a real: `y` before the function.
  void store(std::vector<std::uint8_t>& bytes, std::int64_t i, std::int64_t j, float y) const {
    output_operand out;
    out.data = bytes.data();
    out.row_stride = row_stride();
    out.col_stride = col_stride();
    out.kind = static_cast<output_kind>(static_cast<int>(finish.kind) -
                                        static_cast<int>(gpu::stored_as::f32));
    out.codes = finish.signed_codes ? signed_codes() : unsigned_codes();
    store_output(out, i, j, activate(finish.function, y));
  }
  std::int64_t row_stride() const {
    return finish.column_major ? 1
           : finish.padded     ? ceil_div<std::int64_t>(shape.n, 16) * 16
                               : shape.n;
  }
  std::int64_t col_stride() const { return finish.column_major ? shape.m : 1; }
  /// With the gaps between rows.
  std::size_t output_bytes() const {
    const std::int64_t elements = finish.column_major ? shape.m * shape.n : shape.m * row_stride();
    return static_cast<std::size_t>(elements * gpu::stored_bytes(finish.kind));
  }
  /// An output as it is on the device before a kernel writes to it.
  std::vector<std::uint8_t> unwritten() const {
    return std::vector<std::uint8_t>(output_bytes(), 0xCD);
  }
  /// From now on, every byte of y but those of gaps is to be written once.
  void expect_written_once(const device_array<std::uint8_t>& y) const {
    if (!finish.padded || finish.column_major) return y.expect_written_once();
#if QTL_GPU_EMULATED
    const std::int64_t bytes = gpu::stored_bytes(finish.kind);
    for (std::int64_t i = 0; i < shape.m; ++i)
      require_ok(gpu::emulated::expect_written_once(y.data() + i * row_stride() * bytes,
                                                    static_cast<std::size_t>(shape.n * bytes)));
#endif
  }

 private:
  static constexpr float code_scale = 0.037f;

  static requantizer signed_codes() {
    using P = policy<s8, symmetric, per_tensor>;
    qparams<P> p;
    p.scale = code_scale;
    return make_requantizer<P>(p);
  }
  static requantizer unsigned_codes() {
    using P = policy<u8, affine, per_tensor>;
    qparams<P> p;
    p.scale = code_scale;
    p.offset = 117;
    return make_requantizer<P>(p);
  }
};

/// Workspace for split-K, its counters zero.
struct split_workspace {
  device_array<std::uint8_t> memory;
  gpu::split_k split;

  split_workspace(std::int64_t bytes, std::int64_t tiles, int splits) : memory(bytes) {
    if (splits == 1) return;
    require_ok(gpu::fill(memory.data(), 0, gpu::split_k_counter_bytes(tiles, splits)));
    require_ok(gpu::synchronize());
    split = gpu::split_k_in(memory.data(), tiles, splits);
  }
};

/// Runs K `times` with one workspace; every byte of the output is written once each time.
template<class K>
std::vector<std::uint8_t> run_product(typename K::params p, const product_values& values,
                                      int splits = 1, int times = 1) {
  const std::int64_t tiles =
      gpu::order_tiles(values.shape.m, values.shape.n, K::config::tile_m, K::config::tile_n)
          .tiles();
  const split_workspace workspace(K::workspace_bytes(values.shape.m, values.shape.n, splits), tiles,
                                  splits);
  p.split = workspace.split;
  std::vector<std::uint8_t> result;
  for (int time = 0; time < times; ++time) {
    const device_array<std::uint8_t> y(static_cast<std::int64_t>(values.output_bytes()));
    values.expect_written_once(y);
    p.epilogue = values.epilogue(y.data());
    qtl_test::run_kernel<K>(p);  // not the launcher's own
    require_written();
    note_run(K::name.view(), p.epilogue);
    std::vector<std::uint8_t> bytes = y.download();
    if (time > 0) CHECK(bytes == result);
    result = std::move(bytes);
  }
  return result;
}

}  // namespace qtl_test
