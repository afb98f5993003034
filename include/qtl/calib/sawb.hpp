// SPDX-License-Identifier: Apache-2.0
// qtl/calib/sawb.hpp - the clip of a bell-shaped weight from its first two absolute moments.
// Holds: sawb_observer, sawb_coefficients. "Statistics-aware weight binning": clip = c1 sqrt(E x^2) + c2 E|x|, with
// coefficients fitted once per bit width over the usual bells (Choi et al., arXiv 1807.06964).
#pragma once

#include "qtl/calib/observer.hpp"

namespace qtl::inline v0 {

/// A row of the table of coefficients.
struct sawb_coefficients {
  int bits;
  bool zero_aligned;  ///< fitted to a grid that has 0 on a code
  double c1;
  double c2;
};

/// All bit widths that were fitted.
inline constexpr sawb_coefficients sawb_table[] = {
    {2, false, 3.12, -2.064},  {3, false, 7.509, -6.892}, {4, false, 12.68, -12.80},
    {5, false, 17.74, -18.64}, {8, false, 31.76, -35.04}, {4, true, 12.035, -12.03},
    {7, true, 28.24, -30.81},
};

/// The symmetric range -clip..clip, which may exceed what was seen; 4 bits, zero-aligned, unless
/// given. Where the formula gives less than sqrt(E x^2), |x| is nearly all alike and no bell; then
/// it is the largest magnitude seen.
class sawb_observer {
 public:
  static constexpr short_name name = "sawb";

  /// For another grid. Error: unsupported where sawb_table has no such row.
  static result<sawb_observer> make(int bits, bool zero_aligned) {
    sawb_observer o;
    o.bits_ = bits;
    o.zero_aligned_ = zero_aligned ? 1 : 0;
    if (o.coefficients() == nullptr)
      return failure(error_code::unsupported, "bits",
                     "there are coefficients for 2, 3, 4, 5 and 8 bits, and zero-aligned for 4 and "
                     "7");
    return o;
  }

  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    const matrix_view<const float> x = as_view(batch);
    scanned_range seen;
    if (const status s = scan_batch(x, seen); !s.ok() || seen.empty()) return s;
    seen_.merge(seen);
    for_each_run(x, [this](const float* first, std::int64_t count, std::int64_t stride) {
      add_run(first, count, stride);
      count_ += count;
    });
    return {};
  }
  /// Adds what another has seen. Both sums are in double: any order of n elements gives them within
  /// n 2^-53 of their size. Error: invalid_argument where the grids differ.
  status merge(const sawb_observer& other) {
    if (bits_ != other.bits_ || zero_aligned_ != other.zero_aligned_)
      return different_options(name.view());
    seen_.merge(other.seen_);
    squares_ += other.squares_;
    magnitudes_ += other.magnitudes_;
    count_ += other.count_;
    return {};
  }
  void reset() {
    seen_ = {};
    squares_ = magnitudes_ = 0;
    count_ = 0;
  }

  bool empty() const { return count_ == 0; }
  int bits() const { return bits_; }
  bool zero_aligned() const { return zero_aligned_ != 0; }
  /// E x^2 and E|x|; 0 where nothing was seen.
  double mean_square() const { return empty() ? 0.0 : squares_ / static_cast<double>(count_); }
  double mean_magnitude() const {
    return empty() ? 0.0 : magnitudes_ / static_cast<double>(count_);
  }

  value_range range() const {
    const float amax = seen_.range().amax();
    const sawb_coefficients& c = *coefficients();
    const double root = __builtin_sqrt(mean_square());
    const double clip = c.c1 * root + c.c2 * mean_magnitude();
    if (!(clip >= root)) return {-amax, amax};
    const auto rounded = static_cast<float>(clip < largest_float ? clip : largest_float);
    return {-rounded, rounded};
  }

  std::vector<std::byte> save() const {
    observer_writer out;
    out.put(bits_).put(zero_aligned_).put(seen_).put(squares_).put(magnitudes_).put(count_);
    return out.finish(name.view());
  }
  /// Error: malformed_file for bytes that no save() wrote.
  static result<sawb_observer> load(std::span<const std::byte> bytes) {
    sawb_observer o;
    observer_reader in(name.view(), bytes);
    if (!in.take(o.bits_) || !in.take(o.zero_aligned_) || !in.take(o.seen_) ||
        !in.take(o.squares_) || !in.take(o.magnitudes_) || !in.take(o.count_) || !in.finished() ||
        !o.valid())
      return not_an_observer(name.view());
    return o;
  }

 private:
  const sawb_coefficients* coefficients() const {
    for (const sawb_coefficients& c : sawb_table)
      if (c.bits == bits_ && c.zero_aligned == zero_aligned()) return &c;
    return nullptr;
  }
  bool valid() const {
    return coefficients() != nullptr && zero_aligned_ <= 1 && count_ >= 0 &&
           (count_ == 0) == seen_.empty() && seen_.all_finite() && squares_ >= 0 &&
           squares_ < double{infinity} && magnitudes_ >= 0 && magnitudes_ < double{infinity};
  }

  // Eight sums side by side: the order is the same for every compiler, and vectors fit.
  void add_run(const float* x, std::int64_t count, std::int64_t stride) {
    constexpr std::int64_t lanes = 8;
    double squares[lanes]{};
    double magnitudes[lanes]{};
    std::int64_t i = 0;
    for (; count - i >= lanes; i += lanes)
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const double v = x[(i + lane) * stride];
        squares[lane] += v * v;
        magnitudes[lane] += __builtin_fabs(v);
      }
    for (std::int64_t lane = 0; i < count; ++i, ++lane) {
      const double v = x[i * stride];
      squares[lane] += v * v;
      magnitudes[lane] += __builtin_fabs(v);
    }
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      squares_ += squares[lane];
      magnitudes_ += magnitudes[lane];
    }
  }

  std::int32_t bits_ = 4;
  std::int32_t zero_aligned_ = 1;
  scanned_range seen_;
  double squares_ = 0;
  double magnitudes_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace qtl::inline v0
