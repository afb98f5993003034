// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/dequantize.cuh - codes to reals in f32, f16 or bf16.
// Holds: dequantization (the Config), dequantize_params, dequantize_rows. Every policy with a scale and at most 8
// bits; any granularity. The bits are those of ops/dequantize.hpp, rounded once to the output's
// format (a NaN is a NaN, whatever its bits).
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/tile/block_params.cuh"
#include "qtl/gpu/tile/element_encoder.cuh"
#include "qtl/gpu/tile/packed_row.cuh"
#include "qtl/gpu/tile/real_chunk.cuh"

namespace qtl::inline v0::gpu {

/// The Config of dequantize_rows. A block of `Threads` threads turns one row into reals, each
/// thread loading `Ahead` chunks of 8 codes before it decodes the first.
template<QuantPolicy Policy, RealFormat Output, parameter_form Form, int Threads = 128,
         int Ahead = 4>
struct dequantization {
  using policy = Policy;
  using output = Output;
  static constexpr parameter_form form = Form;
  static constexpr int threads = Threads;
  static constexpr int ahead = Ahead;
};

/// What the kernel is given.
template<QuantPolicy Policy, RealFormat Output, parameter_form Form>
struct dequantize_params {
  const std::byte* codes = nullptr;
  std::int64_t row_bytes = 0;  ///< from one row of codes to the next
  std::int64_t m = 0;
  std::int64_t k = 0;
  params_table<Policy, Form> blocks;    ///< of a per-tensor policy with row_stride 0: one entry
  const float* tensor_scale = nullptr;  ///< of stored scales with two levels; null: 1
  real_element<Output>* y = nullptr;
  std::int64_t y_stride = 0;  ///< from row to row, in elements
};

/// The kernel.
template<class Config>
struct dequantize_rows {
  using policy = typename Config::policy;
  using format = typename policy::format;
  using output = typename Config::output;
  static_assert(format::bits <= 8 && !is_unscaled<typename policy::scheme>,
                "codes of at most 8 bits with a scale");

  static constexpr short_name name = "dequantize_rows";
  static constexpr int threads = Config::threads;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  static constexpr bool has_table = codebooks::is_codebook<format>;
  static constexpr std::uint32_t shared_bytes = has_table ? 4u << format::bits : 0;

  using params = dequantize_params<policy, output, Config::form>;

  static dim grid(const params& p) { return {static_cast<unsigned>(p.m), 1, 1}; }

  QTL_DEVICE static void run(const params& p) {
    if constexpr (has_table) write_table();
    const dequantize_rows worker(p);
    constexpr std::int64_t step = std::int64_t{threads} * chunk_size;
    for (std::int64_t base = 0; base < p.k; base += Config::ahead * step) {
      std::uint64_t codes[Config::ahead];
      unrolled<Config::ahead>(
          [&](auto v) { codes[v] = worker.load(worker.first_of(base + v * step)); });
      unrolled<Config::ahead>(
          [&](auto v) { worker.decode(codes[v], worker.first_of(base + v * step)); });
    }
  }

 private:
  static constexpr int bits = format::bits;
  static constexpr std::int64_t block_rows = policy::granularity::block_rows;
  static constexpr std::int64_t block_cols = policy::granularity::block_cols;

  QTL_DEVICE explicit dequantize_rows(const params& p)
      : p_(p), row_(ptx::block_index_x()), codes_(p.codes + row_ * p.row_bytes),
        y_(p.y + row_ * p.y_stride), codes_aligned_(is_aligned(codes_, bits)),
        y_aligned_(is_aligned(y_, 16)),
        tensor_scale_(p.tensor_scale != nullptr ? ptx::load_global(p.tensor_scale) : 1.0f) {}

  // A code's value by its number: 16 floats lie in 16 banks, so lanes never wait for each other.
  QTL_DEVICE static void write_table() {
    for (unsigned code = ptx::thread_index(); code < 1u << bits; code += threads)
      ptx::store_shared<float>(ptx::shared_base() + 4 * code, codebook_value<format>(code));
    ptx::block_barrier();
  }

  QTL_DEVICE static std::int64_t first_of(std::int64_t base) {
    return base + ptx::thread_index() * chunk_size;
  }

  QTL_DEVICE std::uint64_t load(std::int64_t first) const {
    return load_codes<bits>(codes_ + first / chunk_size * bits, chunk_count(first, p_.k),
                            codes_aligned_);
  }

  QTL_DEVICE qparams<policy> params_at(std::int64_t column) const {
    const std::int64_t i = block_rows > 1 ? row_ / block_rows : row_;
    const std::int64_t g = block_cols != 0 ? column / block_cols : 0;
    return p_.blocks.load(i, g, tensor_scale_);
  }

  QTL_DEVICE float real(std::uint64_t codes, int e, const qparams<policy>& p) const {
    const auto raw = static_cast<std::uint32_t>(codes >> (e * bits)) & ((1u << bits) - 1u);
    if constexpr (has_table)
      return ptx::multiply_rn(p.scale, ptx::load_shared<float>(ptx::shared_base() + 4 * raw));
    else
      return decoded_real<policy>(raw, p);
  }

  QTL_DEVICE void decode(std::uint64_t codes, std::int64_t first) const {
    const int count = chunk_count(first, p_.k);
    if (count == 0) return;
    float x[chunk_size];
    if constexpr (block_cols % chunk_size == 0) {
      const qparams<policy> p = params_at(first);
      unrolled<chunk_size>([&](auto e) { x[e] = real(codes, e, p); });
    } else {
      unrolled<chunk_size>(
          [&](auto e) { x[e] = e < count ? real(codes, e, params_at(first + e)) : 0.0f; });
    }
    store_reals<output>(y_ + first, x, count, y_aligned_);
  }

  const params& p_;
  std::int64_t row_;
  const std::byte* codes_;
  real_element<output>* y_;
  bool codes_aligned_;
  bool y_aligned_;
  float tensor_scale_;
};

}  // namespace qtl::inline v0::gpu
