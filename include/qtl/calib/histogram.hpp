// SPDX-License-Identifier: Apache-2.0
// qtl/calib/histogram.hpp - counts of reals in bins whose edges are powers of two, in bounded memory.
// Holds: histogram_interval, histogram. The covered interval is [-2^e, 2^e); a value outside doubles it by merging neighbouring bins.
// Bins of one width nest exactly in those of the next, so any order and any split into shards gives
// the same counts.
// Not here: what follows from the counts (percentile.hpp, kl.hpp, mse.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "qtl/calib/observer.hpp"

namespace qtl::inline v0 {

/// The interval [-2^exponent, 2^exponent) cut into bins. GPUs count with the same one.
struct histogram_interval {
  static constexpr int bins = 8192;
  static constexpr int lowest_exponent = -100;

  int exponent = lowest_exponent;

  /// The least interval that holds a range with this amax.
  static constexpr histogram_interval of(float amax) {
    const int needed = amax == 0.0f ? lowest_exponent : floor_log2(amax) + 1;
    return {needed < lowest_exponent ? lowest_exponent : needed};
  }
  /// The width of a bin.
  QTL_HOST_DEVICE constexpr float width() const {
    return exponent > 127 ? power_of_two(127) / (bins / 4) : power_of_two(exponent) / (bins / 2);
  }
  /// How many bins one is wide.
  QTL_HOST_DEVICE constexpr float to_bin() const { return power_of_two(-exponent) * (bins / 2); }
  /// floor(v / width) + bins / 2, exactly, given width() and to_bin(): both are powers of two, and
  /// the comparison undoes an underflow.
  QTL_HOST_DEVICE static constexpr int bin_of(float v, float to_bin, float width) {
    const auto whole = static_cast<int>(v * to_bin);
    return whole - (static_cast<float>(whole) * width > v ? 1 : 0) + bins / 2;
  }
};

/// 8192 bins over [-2^e, 2^e), of which [0, amax] takes more than 2048 and at most 4096. 64 KiB
/// from the first element on.
class histogram {
 public:
  static constexpr int bins = histogram_interval::bins;

  /// Adds all elements of x: one pass for the range, one for the counts. Error, leaving the
  /// histogram as it was: not_finite naming row and column.
  status add(matrix_view<const float> x) {
    scanned_range seen;
    if (const status s = scan_batch(x, seen); !s.ok() || seen.empty()) return s;
    range_.merge(seen);
    cover(histogram_interval::of(seen.range().amax()).exponent);
    for_each_run(x, [this](const float* first, std::int64_t count, std::int64_t stride) {
      count_run(first, count, stride);
      total_ += count;
    });
    return {};
  }

  /// Adds what another has counted.
  void merge(const histogram& other) {
    if (other.empty()) return;
    const histogram narrow = other;  // a copy: `other` may be this one, and may have to widen
    add_counts(narrow.range_, {narrow.exponent_}, narrow.counts_);
  }

  /// Adds what was counted elsewhere (on a GPU): `counts` of the bins of an interval that holds
  /// `seen`, the range of at least one element.
  void add_counts(const scanned_range& seen, histogram_interval interval,
                  std::span<const std::int64_t> counts) {
    range_.merge(seen);
    cover(interval.exponent);
    const int steps = exponent_ - interval.exponent;
    for (int b = 0; b < bins; ++b) {
      counts_[at(widened(b, steps))] += counts[at(b)];
      total_ += counts[at(b)];
    }
  }

  bool empty() const { return total_ == 0; }
  std::int64_t total() const { return total_; }
  std::int64_t count(int bin) const { return empty() ? 0 : counts_[at(bin)]; }
  /// The exact range of what was added.
  value_range range() const { return range_.range(); }
  /// The width of a bin.
  double bin_width() const { return width(); }
  /// The lower edge of a bin.
  double edge(int bin) const { return (bin - bins / 2) * bin_width(); }
  /// The middle of a bin, or the end of the range where the middle lies outside it.
  float center(int bin) const {
    const auto middle = static_cast<float>(edge(bin) + bin_width() / 2);
    const value_range r = range();
    return middle < r.min ? r.min : middle > r.max ? r.max : middle;
  }

  /// The value that a share of all elements, 0..1, does not exceed; linear within its bin, never
  /// outside the range.
  double quantile(double share) const {
    const value_range r = range();
    const double wanted = share * static_cast<double>(total_);
    double below = 0;
    for (int b = 0; b < bins; ++b) {
      const auto here = static_cast<double>(count(b));
      if (here > 0 && below + here >= wanted) {
        const double value = edge(b) + bin_width() * (wanted - below) / here;
        return value < r.min ? r.min : value > r.max ? r.max : value;
      }
      below += here;
    }
    return r.max;
  }

  /// Writes the state: the bins from the first to the last that hold anything.
  void save(observer_writer& out) const {
    const auto [first, last] = used();
    out.put(std::int32_t{exponent_}).put(range_).put(std::int32_t{first}).put(std::int32_t{last});
    for (int b = first; b < last; ++b) out.put(count(b));
  }
  /// Reads it back; false for a state that save() does not write.
  [[nodiscard]] bool load(observer_reader& in) {
    *this = {};
    std::int32_t first = 0;
    std::int32_t last = 0;
    if (!in.take(exponent_) || !in.take(range_) || !in.take(first) || !in.take(last)) return false;
    if (range_.empty()) return first == 0 && last == 0 && exponent_ == lowest_exponent;
    if (first < 0 || last <= first || last > bins) return false;
    counts_.assign(at(bins), 0);
    for (int b = first; b < last; ++b) {
      std::int64_t& n = counts_[at(b)];
      if (!in.take(n) || n < 0 || n > INT64_MAX - total_) return false;
      total_ += n;
    }
    const value_range r = range();
    return range_.all_finite() && counts_[at(first)] != 0 && counts_[at(last - 1)] != 0 &&
           exponent_ == histogram_interval::of(r.amax()).exponent && bin_of(r.min) == first &&
           bin_of(r.max) == last - 1;
  }

 private:
  static constexpr int lowest_exponent = histogram_interval::lowest_exponent;
  struct bin_range {
    int first;
    int last;
  };

  static constexpr std::size_t at(int bin) { return static_cast<std::size_t>(bin); }
  // Where bin b lies once the interval has doubled `steps` times.
  static constexpr int widened(int b, int steps) {
    return ((b - bins / 2) >> (steps < 31 ? steps : 31)) + bins / 2;
  }

  histogram_interval interval() const { return {exponent_}; }
  float width() const { return interval().width(); }
  int bin_of(float v) const {
    return histogram_interval::bin_of(v, interval().to_bin(), interval().width());
  }

  // Numbers of bins first, in a loop without branches that compilers vectorise; counts after.
  void count_run(const float* x, std::int64_t count, std::int64_t stride) {
    constexpr std::int64_t chunk = 256;
    const float to_bin = interval().to_bin();
    const float width = interval().width();
    std::int32_t numbers[chunk];
    for (std::int64_t start = 0; start < count; start += chunk) {
      const std::int64_t n = count - start < chunk ? count - start : chunk;
      const float* from = x + start * stride;
      for (std::int64_t i = 0; i < n; ++i)
        numbers[i] = histogram_interval::bin_of(from[i * stride], to_bin, width);
      for (std::int64_t i = 0; i < n; ++i) ++counts_[at(numbers[i])];
    }
  }

  // Makes room for values below 2^exponent.
  void cover(int exponent) {
    if (counts_.empty()) counts_.assign(at(bins), 0);
    if (exponent <= exponent_) return;
    if (total_ != 0) {
      std::vector<std::int64_t> wide(at(bins), 0);
      for (int b = 0; b < bins; ++b) wide[at(widened(b, exponent - exponent_))] += counts_[at(b)];
      counts_.swap(wide);
    }
    exponent_ = exponent;
  }

  bin_range used() const {
    if (empty()) return {0, 0};
    return {bin_of(range().min), bin_of(range().max) + 1};
  }

  std::int32_t exponent_ = lowest_exponent;
  std::int64_t total_ = 0;
  scanned_range range_;
  std::vector<std::int64_t> counts_;  // none until something is added
};

}  // namespace qtl::inline v0
