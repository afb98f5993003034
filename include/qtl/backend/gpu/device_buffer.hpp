// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/device_buffer.hpp - owned memory of a device.
// Holds: device_buffer<T, B>, device_matrix<F, B>. Not here: views of the caller's memory (device_view.hpp).
#pragma once

#include <utility>

#include "qtl/backend/gpu/gpu_backend.hpp"
#include "qtl/base/math.hpp"

namespace qtl::inline v0 {

/// A run of n trivially copyable T in the memory of B's device, whose content begins unspecified.
/// Moved-from buffers are empty. Everything but making and destroying one takes a stream.
template<class T, DeviceBackend B = gpu_backend>
class device_buffer {
  static_assert(std::is_trivially_copyable_v<T>, "a buffer holds plain values");

 public:
  device_buffer() = default;
  device_buffer(device_buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  device_buffer& operator=(device_buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~device_buffer() {
    if (data_ != nullptr) B::release(data_);
  }

  /// n elements, or overflow / out_of_memory / what the device says.
  static result<device_buffer> make(std::int64_t n) {
    std::int64_t bytes = 0;
    if (!checked_multiply(n, static_cast<std::int64_t>(sizeof(T)), bytes))
      return mismatch("size", "element count", 0, 0, n, error_code::overflow);
    device_buffer b;
    if (n == 0) return result<device_buffer>(std::move(b));
    const result<void*> memory = B::allocate(bytes);
    if (!memory.ok()) return memory.why();
    b.data_ = static_cast<T*>(*memory);
    b.size_ = n;
    return result<device_buffer>(std::move(b));
  }
  /// A copy of the host's elements.
  static result<device_buffer> copy_of(std::span<const T> host, void* stream = nullptr) {
    result<device_buffer> b = make(static_cast<std::int64_t>(host.size()));
    if (!b.ok()) return b;
    if (const status s = b->upload(host, stream); !s.ok()) return s;
    return b;
  }

  /// Fills the buffer from the host. Error: shape_mismatch, where the counts differ.
  status upload(std::span<const T> host, void* stream = nullptr) {
    if (static_cast<std::int64_t>(host.size()) != size_)
      return mismatch("host", "number of elements", 0, size_,
                      static_cast<std::int64_t>(host.size()));
    return size_ == 0 ? status{} : B::copy_to_device(data_, host.data(), bytes(), stream);
  }
  /// Copies the buffer to the host and waits. Error: shape_mismatch.
  status download(std::span<T> host, void* stream = nullptr) const {
    if (static_cast<std::int64_t>(host.size()) != size_)
      return mismatch("host", "number of elements", 0, size_,
                      static_cast<std::int64_t>(host.size()));
    return size_ == 0 ? status{} : B::copy_to_host(host.data(), data_, bytes(), stream);
  }

  /// Device addresses: kernels read them, the host does not.
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::int64_t bytes() const { return size_ * static_cast<std::int64_t>(sizeof(T)); }
  /// As a workspace: run_context{b.span(), {}, stream}.
  std::span<T> span() { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

/// A dense row-major rows x cols matrix of format F on B's device.
template<NumberFormat F, DeviceBackend B = gpu_backend>
class device_matrix {
 public:
  using element = device_element<F>;

  device_matrix() = default;

  /// A matrix whose content begins unspecified. Errors: overflow, out_of_memory.
  static result<device_matrix> make(std::int64_t rows, std::int64_t cols) {
    std::int64_t count = 0;
    if (!checked_multiply(rows, cols, count))
      return mismatch("rows * cols", "product of extents", -1, INT64_MAX, -1, error_code::overflow);
    auto memory = device_buffer<element, B>::make(count);
    if (!memory.ok()) return memory.why();
    device_matrix m;
    m.memory_ = *std::move(memory);
    m.rows_ = rows;
    m.cols_ = cols;
    return result<device_matrix>(std::move(m));
  }
  /// A copy of rows x cols elements of the host.
  static result<device_matrix> copy_of(std::span<const element> host, std::int64_t rows,
                                       std::int64_t cols, void* stream = nullptr) {
    result<device_matrix> m = make(rows, cols);
    if (!m.ok()) return m;
    if (const status s = m->memory_.upload(host, stream); !s.ok()) return s;
    return m;
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  device_view<F> view() { return {memory_.data(), rows_, cols_}; }
  device_view<const F> view() const { return {memory_.data(), rows_, cols_}; }
  /// Copies to the host and waits. Error: shape_mismatch.
  status download(std::span<element> host, void* stream = nullptr) const {
    return memory_.download(host, stream);
  }

 private:
  device_buffer<element, B> memory_;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
};

}  // namespace qtl::inline v0
