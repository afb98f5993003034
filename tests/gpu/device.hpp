// SPDX-License-Identifier: Apache-2.0
// tests/gpu/device.hpp - what the kernels' tests share: arrays on the GPU, and all seeds.
// The same tests run on the emulator and, compiled by nvcc, on a GPU.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/base/error.hpp"
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/host/runtime.cuh"

namespace qtl_test {

/// Fails the test case with the status's whole sentence.
inline void require_ok(const qtl::status& s) {
#if QTL_GPU_EMULATED
  INFO("emulator: " << doctest::String(qtl::gpu::emulated::last_failure()));
#endif
  INFO(doctest::String(s.message.c_str()));
  REQUIRE(s.ok());
}

/// Elements in the GPU's memory. Fresh ones are unwritten: the emulator refuses to read them, on a
/// GPU they are 0xcd.
template<class T>
class device_array {
 public:
  explicit device_array(std::int64_t size = 0) : size_(size) {
    qtl::result<void*> memory = qtl::gpu::allocate(bytes());
    require_ok(memory.why());
    data_ = static_cast<T*>(*memory);
#if !QTL_GPU_EMULATED
    require_ok(qtl::gpu::fill(data_, 0xcd, bytes()));
#endif
  }
  explicit device_array(const std::vector<T>& host)
      : device_array(static_cast<std::int64_t>(host.size())) {
    upload(host);
  }
  device_array(device_array&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  device_array& operator=(device_array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~device_array() {
    if (data_ != nullptr) qtl::gpu::release(data_);
  }

  T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::int64_t bytes() const { return size_ * static_cast<std::int64_t>(sizeof(T)); }

  void upload(const std::vector<T>& host) {
    REQUIRE(static_cast<std::int64_t>(host.size()) == size_);
    require_ok(qtl::gpu::copy_to_device(data_, host.data(), bytes()));
    require_ok(qtl::gpu::synchronize());
  }

  std::vector<T> download() const {
    std::vector<T> host(static_cast<std::size_t>(size_));
    require_ok(qtl::gpu::copy_to_host(host.data(), data_, bytes()));
    require_ok(qtl::gpu::synchronize());
    return host;
  }

  /// From now on the emulator demands that kernels write every byte exactly once, until
  /// require_written().
  void expect_written_once() const {
#if QTL_GPU_EMULATED
    require_ok(qtl::gpu::emulated::expect_written_once(data_, static_cast<std::size_t>(bytes())));
#endif
  }

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

/// Every byte under expect_written_once() has been written.
inline void require_written() {
#if QTL_GPU_EMULATED
  require_ok(qtl::gpu::emulated::check_written());
#endif
}

/// Starts K and waits for it.
template<class K>
void run_kernel(const typename K::params& p) {
  require_ok(qtl::gpu::launch<K>(p, nullptr));
  require_ok(qtl::gpu::synchronize());
}

/// Calls f() under a seed of the emulator.
template<class F>
void under_seed([[maybe_unused]] std::uint64_t seed, F&& f) {
#if QTL_GPU_EMULATED
  std::uint64_t& current = qtl::gpu::emulated::current_settings().seed;
  const std::uint64_t before = std::exchange(current, seed);
  CAPTURE(seed);
  f();
  current = before;
#else
  f();
#endif
}

/// The same under the first seeds; once on a GPU.
template<class F>
void for_each_seed(F&& f, std::uint64_t seeds = 3) {
  for (std::uint64_t seed = 1; seed <= (QTL_GPU_EMULATED ? seeds : 1); ++seed) under_seed(seed, f);
}

}  // namespace qtl_test
