// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/rms_norm_quantize.cuh - quantize_rows fused with RMSNorm.
// Holds: rms_norm_row<F>, a row source.
// y_j = (x_j * r) * weight_j with r = 1 / sqrt(sum(x^2) / k + epsilon), all in f32, each operation
// rounded once. The order of the sum: thread t of the team's T adds x_j^2 by fma, ascending, for
// the chunks of 8 number t, t + T, ...; then the threads' sums as block_reduce.cuh says. A scalar
// loop in that order gives the same bits. y is not rounded to F before it is quantized.
#pragma once

#include "qtl/gpu/kernel/quantize_rows.cuh"
#include "qtl/gpu/ptx/square_root.cuh"

namespace qtl::inline v0::gpu {

/// The rows of a matrix, each divided by its root mean square and multiplied by a weight per
/// column.
template<RealFormat F>
class rms_norm_row {
 public:
  using format = F;
  using chunk = real_chunk<F>;
  static constexpr bool needs_squares = true;

  struct params {
    const real_element<F>* x = nullptr;
    const real_element<F>* weight = nullptr;  ///< k values
    std::int64_t row_stride = 0;              ///< of x, in elements
    float epsilon = 0.0f;
  };

  QTL_DEVICE rms_norm_row(const params& p, std::int64_t row, std::int64_t k)
      : row_(p.x + row * p.row_stride), weight_(p.weight), k_(k), epsilon_(p.epsilon),
        aligned_(is_aligned(row_, 16)), weight_aligned_(is_aligned(weight_, 16)) {}

  QTL_DEVICE void load(chunk& to, std::int64_t first) const { to.load(row_, first, k_, aligned_); }

  QTL_DEVICE float add_squares(const chunk& from, int count, float sum) const {
    float x[chunk_size];
    from.values(x);
    unrolled<chunk_size>([&](auto e) {
      if (e < count) sum = ptx::fused_multiply_add(x[e], x[e], sum);
    });
    return sum;
  }
  QTL_DEVICE void set_squares(float sum) {
    const float mean = ptx::divide_rn(sum, static_cast<float>(k_));
    factor_ = ptx::divide_rn(1.0f, ptx::sqrt_rn(ptx::add_rn(mean, epsilon_)));
  }

  QTL_DEVICE void values(const chunk& from, std::int64_t first, float (&x)[chunk_size]) const {
    float weight[chunk_size];
    real_chunk<F> weights;  // from L1: the row's neighbours in the block read the same
    weights.load(weight_, first, k_, weight_aligned_);
    weights.values(weight);
    from.values(x);
    unrolled<chunk_size>(
        [&](auto e) { x[e] = ptx::multiply_rn(ptx::multiply_rn(x[e], factor_), weight[e]); });
  }

 private:
  const real_element<F>* row_;
  const real_element<F>* weight_;
  std::int64_t k_;
  float epsilon_;
  float factor_ = 0.0f;
  bool aligned_;
  bool weight_aligned_;
};

}  // namespace qtl::inline v0::gpu
