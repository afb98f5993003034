// SPDX-License-Identifier: Apache-2.0
// qtl/calib/kl.hpp - the clip that loses least information, after Kullback and Leibler.
// Holds: kl_observer. The procedure that TensorRT made known (S. Migacz, "8-bit inference with TensorRT", GTC 2017):
// of all clips, the one whose coarse histogram is nearest to the clipped fine one. Here on |x|,
// from .6 of the range.
#pragma once

#include "qtl/calib/histogram.hpp"

namespace qtl::inline v0 {

/// Cuts |x| where a grid of `levels` cells tells the least of a lie; 255 levels, those of 8 bits,
/// unless given.
///
/// For a clip after i bins of |x|, P is the first i counts with all beyond added to the last of
/// them, as clipping does. Q is what a quantizer keeps of the first i counts: cut into `levels`
/// runs of bins, each run's sum spread evenly over its bins that are not empty. The clip with the
/// least sum of P log(P / Q) wins, both scaled to sum 1; of equal ones (within 1e-9) the widest. A
/// bin empty in P adds nothing; the last bin, where empty in Q alone, counts as 1e-4 of an element.
class kl_observer {
 public:
  static constexpr short_name name = "kl";
  /// The narrowest clip tried, as a share of amax.
  static constexpr double search_from = 0.6;

  /// For `bits` bits: 2^bits - 1 levels. Error: invalid_argument unless 2 <= bits <= 8.
  static result<kl_observer> make(int bits) {
    if (bits < 2 || bits > 8)
      return mismatch("bits", "number of bits, between 2 and 8,", -1, 8, bits,
                      error_code::invalid_argument);
    return make_levels((1 << bits) - 1);
  }
  /// For any number of levels, for example 128 (TensorRT's, the non-negative codes of s8). Error:
  /// invalid_argument unless 1 <= levels <= 2048.
  static result<kl_observer> make_levels(int levels) {
    if (!valid(levels))
      return mismatch("levels", "number of levels, between 1 and 2048,", -1, max_levels, levels,
                      error_code::invalid_argument);
    kl_observer o;
    o.levels_ = levels;
    return o;
  }

  /// Adds a batch. Error, leaving the observer as it was: not_finite naming row and column.
  template<MatrixSource M>
  status observe(const M& batch) {
    return counts_.add(as_view(batch));
  }
  /// Adds what another has seen; in any order it is one pass over all. Error: invalid_argument
  /// where the levels differ.
  status merge(const kl_observer& other) {
    if (levels_ != other.levels_) return different_options(name.view());
    counts_.merge(other.counts_);
    return {};
  }
  void reset() { counts_ = {}; }

  bool empty() const { return counts_.empty(); }
  int levels() const { return levels_; }
  const histogram& counts() const { return counts_; }

  /// The range seen, cut at the best clip on either side.
  value_range range() const {
    if (empty()) return {};
    const value_range seen = counts_.range();
    const running_sums sums = fold();
    const int used = sums.size();
    const int best = best_clip(sums, used);
    if (best == used) return seen;
    const auto clip = static_cast<float>(counts_.bin_width() * best);
    return clipped(seen, -clip, clip);
  }

  std::vector<std::byte> save() const {
    observer_writer out;
    out.put(std::int32_t{levels_});
    counts_.save(out);
    return out.finish(name.view());
  }
  /// Error: malformed_file for bytes that no save() wrote.
  static result<kl_observer> load(std::span<const std::byte> bytes) {
    kl_observer o;
    observer_reader in(name.view(), bytes);
    if (!in.take(o.levels_) || !o.counts_.load(in) || !in.finished() || !valid(o.levels_))
      return not_an_observer(name.view());
    return o;
  }

 private:
  static constexpr int max_levels = 2048;
  static constexpr double empty_bin = 1e-4;
  static constexpr double tie = 1e-9;

  static bool valid(int levels) { return levels >= 1 && levels <= max_levels; }

  // Sums over the bins of |x| below a bin, from the first bin to the one that holds amax.
  struct running_sums {
    std::vector<double> elements{0.0};
    std::vector<double> entropy{0.0};  // of c log c
    std::vector<int> filled{0};        // bins that are not empty

    int size() const { return static_cast<int>(elements.size()) - 1; }
    double count(int bin) const { return within(elements, bin, bin + 1); }
    template<class T>
    static T within(const std::vector<T>& sums, int first, int last) {
      return sums[static_cast<std::size_t>(last)] - sums[static_cast<std::size_t>(first)];
    }
  };

  // Counts of |x|. A negative bin's upper edge belongs to its neighbour: the fold moves what lies
  // exactly on an edge by one bin.
  running_sums fold() const {
    constexpr int middle = histogram::bins / 2;
    int used = middle;
    while (used > 1 && counts_.count(middle + used - 1) == 0 && counts_.count(middle - used) == 0)
      --used;
    running_sums sums;
    for (int b = 0; b < used; ++b) {
      const auto here =
          static_cast<double>(counts_.count(middle + b) + counts_.count(middle - 1 - b));
      sums.elements.push_back(sums.elements.back() + here);
      sums.entropy.push_back(sums.entropy.back() + (here > 0 ? here * __builtin_log(here) : 0.0));
      sums.filled.push_back(sums.filled.back() + (here > 0 ? 1 : 0));
    }
    return sums;
  }

  int best_clip(const running_sums& sums, int used) const {
    const int from_share = static_cast<int>(__builtin_ceil(search_from * used));
    const int first = from_share > levels_ ? from_share : levels_;
    int best = used;
    double least = double{infinity};
    for (int clip = used; clip >= first; --clip) {
      const double distance = divergence(sums, clip);
      if (!(distance < least - tie)) continue;
      least = distance;
      best = clip;
    }
    return best;
  }

  // Sum of P log(P / Q) for a clip after `clip` bins. Q is constant on the filled bins of a run, so
  // a run costs one logarithm.
  double divergence(const running_sums& sums, int clip) const {
    const std::int64_t bins = clip;
    const double all = sums.elements.back();
    const double kept = sums.elements[static_cast<std::size_t>(clip)];
    const double beyond = all - kept;
    if (kept == 0) return double{infinity};
    const double edge = sums.count(clip - 1);
    double p_log_p = sums.entropy[static_cast<std::size_t>(clip - 1)];
    if (edge + beyond > 0) p_log_p += (edge + beyond) * __builtin_log(edge + beyond);
    double p_log_q = 0;
    double last_q = 0;
    for (std::int64_t level = 0; level < levels_; ++level) {
      const int first = static_cast<int>(level * bins / levels_);
      const int last = static_cast<int>((level + 1) * bins / levels_);
      const double held = running_sums::within(sums.elements, first, last);
      if (held == 0) continue;
      const double q = held / running_sums::within(sums.filled, first, last);
      p_log_q += held * __builtin_log(q);
      last_q = q;
    }
    if (beyond > 0) p_log_q += beyond * __builtin_log(edge > 0 ? last_q : empty_bin);
    // With P = p / all and Q = q / kept: the scales come out of the logarithms.
    return (p_log_p - p_log_q) / all - __builtin_log(all / kept);
  }

  std::int32_t levels_ = 255;
  histogram counts_;
};

}  // namespace qtl::inline v0
