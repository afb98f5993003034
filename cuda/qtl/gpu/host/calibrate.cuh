// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/calibrate.cuh - calibration over reals that lie in the GPU's memory.
// Holds: scan_on_gpu, count_on_gpu: the range of a batch, and its histogram, equal to what calib/ finds on the
// host. Device-wide reductions are CUB's; without nvcc, plain loops over a copy stand in for them.
// These allocate and wait for the stream: calibration is no hot path. Parsing CUB takes seconds;
// nothing else includes this file.
#pragma once

#include <cstdint>
#include <vector>

#include "qtl/calib/histogram.hpp"
#include "qtl/gpu/host/runtime.cuh"
#include "qtl/gpu/tile/real_element.cuh"

#if !QTL_GPU_EMULATED
#include <cub/device/device_histogram.cuh>
#include <cub/device/device_reduce.cuh>
#include <thrust/iterator/transform_iterator.h>
#endif

namespace qtl::inline v0::gpu {

/// Memory of the GPU that goes with its scope.
class scratch_memory {
 public:
  explicit scratch_memory(std::size_t bytes)
      : memory_(allocate(static_cast<std::int64_t>(bytes == 0 ? 1 : bytes))) {}
  scratch_memory(const scratch_memory&) = delete;
  scratch_memory& operator=(const scratch_memory&) = delete;
  ~scratch_memory() {
    if (memory_.ok()) release(*memory_);
  }

  status why() const { return memory_.why(); }
  void* data() const { return memory_.ok() ? *memory_ : nullptr; }

 private:
  result<void*> memory_;
};

namespace calibration {

/// The range of some reals; NaN at both ends once one was not finite.
struct ends {
  float low = largest_float;
  float high = -largest_float;

  QTL_HOST_DEVICE static constexpr ends of(float x) {
    return is_finite(x) ? ends{x, x} : ends{quiet_nan, quiet_nan};
  }
  QTL_HOST_DEVICE constexpr ends merged(const ends& other) const {
    if (is_nan(low) || is_nan(other.low)) return {quiet_nan, quiet_nan};
    return {other.low < low ? other.low : low, other.high > high ? other.high : high};
  }
};

/// Turns an element into its range, and two ranges into theirs.
template<RealFormat F>
struct range_of_element {
  QTL_HOST_DEVICE ends operator()(real_element<F> x) const {
    return ends::of(decoded_element<F>(x));
  }
};
struct merge_ranges {
  QTL_HOST_DEVICE ends operator()(const ends& a, const ends& b) const { return a.merged(b); }
};

/// Turns an element into the number of its bin.
template<RealFormat F>
struct bin_of_element {
  float to_bin;
  float width;
  QTL_HOST_DEVICE int operator()(real_element<F> x) const {
    return histogram_interval::bin_of(decoded_element<F>(x), to_bin, width);
  }
};

#if QTL_GPU_EMULATED

/// What the emulated GPU's memory holds.
template<RealFormat F>
result<std::vector<real_element<F>>> copy_of(const real_element<F>* x, std::int64_t count) {
  std::vector<real_element<F>> host(static_cast<std::size_t>(count));
  const status s =
      copy_to_host(host.data(), x, count * static_cast<std::int64_t>(sizeof(real_element<F>)));
  if (!s.ok()) return s;
  return host;
}

/// The range of all elements.
template<RealFormat F>
status reduce(const real_element<F>* x, std::int64_t count, ends& all, void*) {
  const result<std::vector<real_element<F>>> host = copy_of<F>(x, count);
  if (!host.ok()) return host.why();
  for (const real_element<F> e : *host) all = all.merged(range_of_element<F>{}(e));
  return {};
}

/// How many elements each bin has.
template<RealFormat F>
status count_bins(const real_element<F>* x, std::int64_t count, const bin_of_element<F>& bin_of,
                  std::vector<std::int64_t>& counts, void*) {
  const result<std::vector<real_element<F>>> host = copy_of<F>(x, count);
  if (!host.ok()) return host.why();
  for (const real_element<F> e : *host) ++counts[static_cast<std::size_t>(bin_of(e))];
  return {};
}

#else

/// Calls `run(memory, bytes)` as CUB wants it: once for the number of bytes, once to do the work.
template<class Run>
status with_scratch(Run run) {
  std::size_t bytes = 0;
  if (const status s = detail::status_of(run(nullptr, bytes), "cub"); !s.ok()) return s;
  const scratch_memory memory(bytes);
  if (!memory.why().ok()) return memory.why();
  return detail::status_of(run(memory.data(), bytes), "cub");
}

/// The range of all elements.
template<RealFormat F>
status reduce(const real_element<F>* x, std::int64_t count, ends& all, void* stream) {
  const scratch_memory out(sizeof(ends));
  if (!out.why().ok()) return out.why();
  const status s = with_scratch([&](void* memory, std::size_t& bytes) {
    return cub::DeviceReduce::TransformReduce(memory, bytes, x, static_cast<ends*>(out.data()),
                                              count, merge_ranges{}, range_of_element<F>{}, ends{},
                                              detail::stream_of(stream));
  });
  if (!s.ok()) return s;
  if (const status done = synchronize(stream); !done.ok()) return done;
  return copy_to_host(&all, out.data(), sizeof(ends));
}

/// How many elements each bin has.
template<RealFormat F>
status count_bins(const real_element<F>* x, std::int64_t count, const bin_of_element<F>& bin_of,
                  std::vector<std::int64_t>& counts, void* stream) {
  using counter = unsigned long long;
  static_assert(sizeof(counter) == sizeof(std::int64_t), "counts are copied as they are");
  const auto bytes_of_counts = static_cast<std::int64_t>(counts.size() * sizeof(counter));
  const scratch_memory out(static_cast<std::size_t>(bytes_of_counts));
  if (!out.why().ok()) return out.why();
  const auto numbers = thrust::make_transform_iterator(x, bin_of);
  const status s = with_scratch([&](void* memory, std::size_t& bytes) {
    return cub::DeviceHistogram::HistogramEven(
        memory, bytes, numbers, static_cast<counter*>(out.data()), histogram_interval::bins + 1, 0,
        histogram_interval::bins, count, detail::stream_of(stream));
  });
  if (!s.ok()) return s;
  if (const status done = synchronize(stream); !done.ok()) return done;
  return copy_to_host(counts.data(), out.data(), bytes_of_counts);
}

#endif

}  // namespace calibration

/// The range of x[0 .. count) in the GPU's memory. all_finite() is false where it holds NaN or Inf.
/// Errors: invalid_argument for a negative count, and the runtime's.
template<RealFormat F>
result<scanned_range> scan_on_gpu(const real_element<F>* x, std::int64_t count,
                                  void* stream = nullptr) {
  scanned_range seen;
  if (count < 0)
    return mismatch("count", "number of elements, not negative,", -1, 0, count,
                    error_code::invalid_argument);
  if (count == 0) return seen;
  calibration::ends all;
  if (const status s = calibration::reduce<F>(x, count, all, stream); !s.ok()) return s;
  const float ends[] = {all.low, all.high};
  seen.add(ends, 2, 1);
  return seen;
}

/// Adds x[0 .. count) in the GPU's memory to a histogram, as its add() does. Errors, leaving the
/// histogram as it was: not_finite, and those of scan_on_gpu.
template<RealFormat F>
status count_on_gpu(histogram& to, const real_element<F>* x, std::int64_t count,
                    void* stream = nullptr) {
  const result<scanned_range> seen = scan_on_gpu<F>(x, count, stream);
  if (!seen.ok() || seen->empty()) return seen.why();
  if (!seen->all_finite())
    return failure(error_code::not_finite, "x", "holds NaN or Inf, expected finite values");
  const histogram_interval interval = histogram_interval::of(seen->range().amax());
  std::vector<std::int64_t> counts(static_cast<std::size_t>(histogram_interval::bins));
  const calibration::bin_of_element<F> bin_of{interval.to_bin(), interval.width()};
  if (const status s = calibration::count_bins<F>(x, count, bin_of, counts, stream); !s.ok())
    return s;
  to.add_counts(*seen, interval, counts);
  return {};
}

}  // namespace qtl::inline v0::gpu
