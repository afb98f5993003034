// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/kernel/quantize_rows.cuh - m x k reals to codes, with a scale per row, per group of a row, or given.
// Holds: row_team, row_quantization (the Config), quantize_rows. Codes, scales, zero points and sums equal the host
// library's in every bit: quantize<P> for weights, nn/activations.hpp for activations.
//
// A team of threads owns a row. It loads the row once, keeps what fits in registers (the rest is
// read again), finds the range, and encodes. Groups of 8, 16 ... 256 elements lie in neighbouring
// lanes, so their ranges never leave a warp and their rows are read once whatever k is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/gpu/tile/block_params.cuh"
#include "qtl/gpu/tile/block_reduce.cuh"
#include "qtl/gpu/tile/element_encoder.cuh"
#include "qtl/gpu/tile/packed_row.cuh"
#include "qtl/gpu/tile/row_source.cuh"

namespace qtl::inline v0::gpu {

/// `Threads` threads work on a row, each keeping `Kept` chunks of 8 in registers; a block has
/// `Rows` rows.
template<int Threads, int Rows, int Kept>
struct row_team {
  static_assert(Threads % 32 == 0 && (Threads == 32 || Rows == 1),
                "a row belongs to one warp, or to the whole block");
  static constexpr int threads = Threads;
  static constexpr int rows = Rows;
  static constexpr int kept = Kept;
  /// The longest row that is read once.
  static constexpr std::int64_t reach = std::int64_t{Threads} * Kept * chunk_size;
};

/// Whether groups of P are runs of a row that lie in a power of two of neighbouring lanes.
template<QuantPolicy P>
inline constexpr bool has_lane_groups = [] {
  constexpr std::int64_t g = P::granularity::block_cols;
  return P::granularity::block_rows == 1 && g % chunk_size == 0 && g >= chunk_size &&
         g <= 32 * chunk_size && (g & (g - 1)) == 0;
}();

/// Whether P has one scale for all of the matrix.
template<QuantPolicy P>
inline constexpr bool is_per_tensor = std::same_as<typename P::granularity, per_tensor>;

/// Whether quantize_rows takes P.
template<QuantPolicy P>
inline constexpr bool quantizes_by_rows =
    is_per_tensor<P> || has_lane_groups<P> ||
    (P::granularity::block_rows == 1 && P::granularity::block_cols == 0);

/// The Config of quantize_rows. Weights keep their parameters stored, activations decoded.
template<QuantPolicy Policy, RowSource Source, class Team, parameter_form Form>
struct row_quantization {
  using policy = Policy;
  using source = Source;
  using team = Team;
  static constexpr parameter_form form = Form;
};

/// What the kernel is given, whatever its team.
template<QuantPolicy Policy, RowSource Source, parameter_form Form>
struct quantize_rows_params {
  typename Source::params x;
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::byte* codes = nullptr;
  std::int64_t row_bytes = 0;      ///< from one row of codes to the next
  std::int64_t written_bytes = 0;  ///< of each row: the packed codes, then zeros
  /// Of a per-tensor policy, the scale or NaN of every row.
  params_table<Policy, Form> blocks;
  std::int32_t* sums = nullptr;  ///< of integer codes, placed as the scales are; or null
  /// Per-tensor policies: the parameters. Two levels: the tensor's scale.
  qparams<Policy> given;
  const qparams<Policy>* given_in_memory = nullptr;  ///< where not null, instead of `given`
};

/// The kernel. The matrix may have any extents and strides.
template<class Config>
struct quantize_rows {
  using policy = typename Config::policy;
  using source = typename Config::source;
  using team = typename Config::team;
  static_assert(quantizes_by_rows<policy>,
                "scales per row, per group of 8, 16 ... 256 in a row, or for the whole tensor");

  static constexpr short_name name = "quantize_rows";
  static constexpr int threads = team::threads * team::rows;
  static constexpr int min_blocks = 1;
  static constexpr gpu_target least_target = gpu_target::sm_80;
  // One area for each reduction: none waits until another has been read.
  static constexpr std::uint32_t shared_bytes = 3 * reduce_bytes<team::threads>;

  using params = quantize_rows_params<policy, source, Config::form>;

  static dim grid(const params& p) {
    return {static_cast<unsigned>(ceil_div<std::int64_t>(p.m, team::rows)), 1, 1};
  }

  QTL_DEVICE static void run(const params& p) {
    const std::int64_t row = static_cast<std::int64_t>(ptx::block_index_x()) * team::rows +
                             ptx::thread_index() / team::threads;
    if (row >= p.m) return;
    quantize_rows worker(p, row);
    worker.load();
    if constexpr (source::needs_squares) worker.find_squares();
    if constexpr (has_lane_groups<policy>)
      worker.quantize_groups();
    else
      worker.quantize_row();
    store_zeros(worker.codes_, packed_bytes(p.k, bits), p.written_bytes, worker.thread_,
                team::threads);
  }

 private:
  using format = typename policy::format;
  using scan = std::conditional_t<is_per_tensor<policy>, amax_scan, scan_for<policy>>;
  using chunk = typename source::chunk;
  static constexpr int bits = format::bits;
  static constexpr std::int64_t stride = std::int64_t{team::threads} * chunk_size;
  // Given parameters say nothing about the values they meet.
  using encoder = element_encoder<policy, !is_per_tensor<policy>>;

  QTL_DEVICE quantize_rows(const params& p, std::int64_t row)
      : p_(p), row_(row), thread_(ptx::thread_index() % team::threads), source_(p.x, row, p.k),
        codes_(p.codes + row * p.row_bytes), codes_aligned_(is_aligned(codes_, bits)),
        given_(p.given_in_memory != nullptr ? ptx::load_global(p.given_in_memory) : p.given) {}

  QTL_DEVICE std::int64_t first_of(std::int64_t base) const { return base + thread_ * chunk_size; }

  QTL_DEVICE void load() {
    unrolled<team::kept>([&](auto v) {
      if (v * stride < p_.k) source_.load(kept_[v], first_of(v * stride));
    });
  }

  // Calls f(chunk, first, count) for this thread's chunks in ascending order, all threads of the
  // team as often: chunks beyond the row have count 0.
  template<class F>
  QTL_DEVICE void for_each_chunk(F&& f) {
    unrolled<team::kept>([&](auto v) {
      const std::int64_t first = first_of(v * stride);
      if (v * stride < p_.k) f(kept_[v], first, chunk_count(first, p_.k));
    });
    for (std::int64_t base = team::kept * stride; base < p_.k; base += stride) {
      const std::int64_t first = first_of(base);
      chunk again;
      source_.load(again, first);
      f(again, first, chunk_count(first, p_.k));
    }
  }

  QTL_DEVICE std::uint32_t shared_area(unsigned number) const {
    return ptx::shared_base() + number * reduce_bytes<team::threads>;
  }

  QTL_DEVICE void find_squares() {
    float mine = 0.0f;
    for_each_chunk([&](const chunk& c, std::int64_t, int count) {
      mine = source_.add_squares(c, count, mine);
    });
    source_.set_squares(team_reduce<team::threads>(sum_of<float>(mine), shared_area(2)).value());
  }

  QTL_DEVICE scan scan_chunk(const chunk& c, std::int64_t first, int count, scan seen) {
    float x[chunk_size];
    source_.values(c, first, x);
    unrolled<chunk_size>([&](auto e) {
      if (e < count) seen.add(x[e]);
    });
    return seen;
  }

  QTL_DEVICE scan scan_row() {
    scan mine;
    for_each_chunk([&](const chunk& c, std::int64_t first, int count) {
      mine = scan_chunk(c, first, count, mine);
    });
    return team_reduce<team::threads>(mine, shared_area(0));
  }

  // A token with NaN gets a NaN scale; with Inf too, where the scale is taken from the data.
  QTL_DEVICE block_choice<policy> row_choice(const scan& seen) const {
    if constexpr (is_per_tensor<policy>) {
      const bool poisoned = policy::is_dynamic ? !seen.all_finite() : seen.has_nan();
      block_choice<policy> choice{poisoned ? qparams<policy>{quiet_nan, {}} : given_, {}};
      choice.stored = {store_scale_exactly<typename policy::scale::format>(choice.decoded.scale),
                       choice.decoded.offset};
      return choice;
    } else {
      return choose_block<policy>(seen, 1.0f);
    }
  }

  QTL_DEVICE std::int32_t encode_chunk(const encoder& encode, const chunk& c, std::int64_t first,
                                       int count) {
    float x[chunk_size];
    source_.values(c, first, x);
    const code_chunk codes = encode(x, count, row_, first);
    store_codes<bits>(codes_ + first / chunk_size * bits, codes.bits, count, codes_aligned_);
    return codes.sum;
  }

  QTL_DEVICE void quantize_row() {
    const block_choice<policy> choice = row_choice(scan_row());
    if (thread_ == 0) p_.blocks.store(row_, 0, choice);
    const encoder encode(choice.decoded);
    std::int32_t sum = 0;
    for_each_chunk([&](const chunk& c, std::int64_t first, int count) {
      sum += encode_chunk(encode, c, first, count);
    });
    if constexpr (is_integer_format<format>) {
      if (p_.sums == nullptr) return;
      sum = team_reduce<team::threads>(sum_of<std::int32_t>(sum), shared_area(1)).value();
      if (thread_ == 0) ptx::store_global(p_.sums + p_.blocks.at(row_, 0), sum);
    }
  }

  QTL_DEVICE void quantize_groups() {
    constexpr std::int64_t group = policy::granularity::block_cols;
    constexpr int lanes = static_cast<int>(group) / chunk_size;
    const float tensor_scale = policy::scale::two_levels ? given_.scale : 1.0f;
    for_each_chunk([&](const chunk& c, std::int64_t first, int count) {
      const scan seen = lane_reduce<lanes>(scan_chunk(c, first, count, {}));
      const block_choice<policy> choice = choose_block<policy>(seen, tensor_scale);
      const bool leads = first % group == 0 && count != 0;
      if (leads) p_.blocks.store(row_, first / group, choice);
      std::int32_t sum = encode_chunk(encoder(choice.decoded), c, first, count);
      if constexpr (is_integer_format<format>) {
        if (p_.sums == nullptr) return;
        sum = lane_reduce<lanes>(sum_of<std::int32_t>(sum)).value();
        if (leads) ptx::store_global(p_.sums + p_.blocks.at(row_, first / group), sum);
      }
    });
  }

  const params& p_;
  std::int64_t row_;
  unsigned thread_;
  source source_;
  std::byte* codes_;
  bool codes_aligned_;
  qparams<policy> given_;
  chunk kept_[team::kept];
};

}  // namespace qtl::inline v0::gpu
