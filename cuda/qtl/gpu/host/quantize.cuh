// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/quantize.cuh - quantization on the GPU, the team of threads chosen by the length of a row.
// Holds: quantize_matrix, quantize_whole_matrix, quantize_blocks, scale_column_stride. To call a kernel with a Config of your own: kernel/quantize_rows.cuh.
#pragma once

#include <cstdint>

#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/choose_blocks.cuh"
#include "qtl/gpu/kernel/encode_blocks.cuh"
#include "qtl/gpu/kernel/quantize_rows.cuh"
#include "qtl/gpu/kernel/reduce_range.cuh"

namespace qtl::inline v0::gpu {

/// How many chunks of source S fill the registers that a thread has for them, at most `most`.
template<RowSource S, int most>
inline constexpr int kept_chunks =
    sizeof(typename S::chunk) * most <= 128 ? most
                                            : static_cast<int>(128 / sizeof(typename S::chunk));

/// The teams that are shipped: a warp for short rows, a block for longer ones. The last keeps rows
/// of 16384 elements of 16 bits.
template<RowSource S>
using short_row_team = row_team<32, 8, kept_chunks<S, 4>>;
template<RowSource S>
using middle_row_team = row_team<128, 1, kept_chunks<S, 4>>;
template<RowSource S>
using long_row_team = row_team<kept_chunks<S, 8> == 8 ? 256 : 512, 1, kept_chunks<S, 8>>;

/// Distance between the columns of scales that a TMA reads: m rounded up to a multiple of 16 bytes.
constexpr std::int64_t scale_column_stride(std::int64_t m) { return (m + 3) / 4 * 4; }

/// Refuses extents and sizes that do not fit together, naming the argument.
template<QuantPolicy P, class Params>
status check_quantize(const Params& p) {
  const std::int64_t m = p.m;
  const std::int64_t k = p.k;
  if (m < 0 || m > INT32_MAX)
    return mismatch("x", "number of rows, 0 to 2^31 - 1,", 0, INT32_MAX, m,
                    error_code::invalid_argument);
  if (k < 0)
    return mismatch("x", "number of columns, not negative,", 1, 0, k, error_code::invalid_argument);
  const std::int64_t packed = packed_bytes(k, P::format::bits);
  if (p.written_bytes < packed)
    return mismatch("written_bytes", "size of a row of codes", 1, packed, p.written_bytes,
                    error_code::invalid_argument);
  if (p.row_bytes < p.written_bytes && m > 1)
    return mismatch("row_bytes", "distance of two rows", 1, p.written_bytes, p.row_bytes,
                    error_code::invalid_argument);
  return {};
}

/// Quantizes the rows that source S reads, on the stream. Errors: invalid_argument, and what
/// launch() answers.
template<QuantPolicy P, RowSource S, parameter_form Form>
status quantize_matrix(const quantize_rows_params<P, S, Form>& p, void* stream = nullptr) {
  if (const status s = check_quantize<P>(p); !s.ok()) return s;
  if (p.k <= short_row_team<S>::reach)
    return launch<quantize_rows<row_quantization<P, S, short_row_team<S>, Form>>>(p, stream);
  if (p.k <= middle_row_team<S>::reach)
    return launch<quantize_rows<row_quantization<P, S, middle_row_team<S>, Form>>>(p, stream);
  return launch<quantize_rows<row_quantization<P, S, long_row_team<S>, Form>>>(p, stream);
}

/// The same where all of the matrix shares a scale that is taken from it: per-tensor policies, and
/// the tensor's scale of two levels. Two launches. `workspace` is device memory whose counter was
/// set to 0 once, when it was allocated; one workspace serves one stream. Afterwards its params
/// hold what was chosen.
template<QuantPolicy P, RowSource S, parameter_form Form>
status quantize_whole_matrix(const quantize_rows_params<P, S, Form>& p,
                             range_workspace<P>* workspace, void* stream = nullptr) {
  if (const status s = check_quantize<P>(p); !s.ok()) return s;
  const reduce_range_params<P, S> range{p.x, p.m, p.k, workspace};
  const bool is_short = p.k <= short_row_team<S>::reach;
  const status s =
      is_short ? launch<reduce_range<range_reduction<P, S, short_row_team<S>>>>(range, stream)
               : launch<reduce_range<range_reduction<P, S, long_row_team<S>>>>(range, stream);
  if (!s.ok()) return s;
  quantize_rows_params<P, S, Form> rows = p;
  rows.given_in_memory = &workspace->params;
  return quantize_matrix(rows, stream);
}

/// The same for blocks of any extents, in two launches; where has_lane_groups<P>, quantize_matrix
/// does it in one.
template<QuantPolicy P, RealFormat F, parameter_form Form>
status quantize_blocks(const quantize_blocks_params<P, F, Form>& p, void* stream = nullptr) {
  constexpr std::int64_t elements = P::granularity::block_rows * P::granularity::block_cols;
  constexpr bool is_small = elements != 0 && elements <= 1024;
  using team = std::conditional_t<is_small, row_team<32, 8, 1>, row_team<128, 1, 1>>;
  using config = block_quantization<P, F, team, Form>;
  if (const status s = check_quantize<P>(p); !s.ok()) return s;
  if (choose_blocks<config>::blocks(p) > INT32_MAX)
    return failure(error_code::overflow, "x", "has more blocks than a launch can have");
  if (const status s = launch<choose_blocks<config>>(p, stream); !s.ok()) return s;
  using rows = block_quantization<P, F, row_team<128, 1, 1>, Form>;
  return launch<encode_blocks<rows>>(p, stream);
}

}  // namespace qtl::inline v0::gpu
