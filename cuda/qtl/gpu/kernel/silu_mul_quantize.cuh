// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/silu_mul_quantize.cuh - quantize_rows fused with the gate of an MLP.
// Holds: silu_mul_row<F>, a row source. x = silu(gate) * up in f32, silu as in tile/silu.cuh: each
// operation rounds once, so a scalar loop gives the same bits. x is not rounded to F before it is
// quantized, unlike in a layer that stores it.
#pragma once

#include "qtl/gpu/kernel/quantize_rows.cuh"
#include "qtl/gpu/tile/silu.cuh"

namespace qtl::inline v0::gpu {

/// silu(gate) * up, element by element. Where both lie side by side in rows of 2 k, `up` is gate +
/// k and the strides are alike.
template<RealFormat F>
class silu_mul_row {
 public:
  using format = F;
  static constexpr bool needs_squares = false;

  struct params {
    const real_element<F>* gate = nullptr;
    const real_element<F>* up = nullptr;
    std::int64_t gate_stride = 0;  ///< from row to row, in elements
    std::int64_t up_stride = 0;
  };
  struct chunk {
    real_chunk<F> gate;
    real_chunk<F> up;
  };

  QTL_DEVICE silu_mul_row(const params& p, std::int64_t row, std::int64_t k)
      : gate_(p.gate + row * p.gate_stride), up_(p.up + row * p.up_stride), k_(k),
        gate_aligned_(is_aligned(gate_, 16)), up_aligned_(is_aligned(up_, 16)) {}

  QTL_DEVICE void load(chunk& to, std::int64_t first) const {
    to.gate.load(gate_, first, k_, gate_aligned_);
    to.up.load(up_, first, k_, up_aligned_);
  }
  QTL_DEVICE void values(const chunk& from, std::int64_t, float (&x)[chunk_size]) const {
    float up[chunk_size];
    from.gate.values(x);
    from.up.values(up);
    unrolled<chunk_size>([&](auto e) { x[e] = ptx::multiply_rn(silu(x[e]), up[e]); });
  }

 private:
  const real_element<F>* gate_;
  const real_element<F>* up_;
  std::int64_t k_;
  bool gate_aligned_;
  bool up_aligned_;
};

}  // namespace qtl::inline v0::gpu
