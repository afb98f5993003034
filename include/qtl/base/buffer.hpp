// SPDX-License-Identifier: Apache-2.0
// qtl/base/buffer.hpp - owned memory: 64-byte aligned, zero-filled, a status instead of bad_alloc.
// Holds: buffer<T>. Not here: views (views.hpp). Kernels never own memory; tensors and layers do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "qtl/base/error.hpp"
#include "qtl/base/math.hpp"

namespace qtl::inline v0 {

/// One cache line, and one vector of the widest instruction set.
inline constexpr std::size_t buffer_alignment = 64;

/// A run of n trivially copyable T that owns its memory. Moved-from buffers are empty.
template<class T>
class buffer {
  static_assert(std::is_trivially_copyable_v<T>, "a buffer holds plain values");

 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~buffer() { ::operator delete(data_, std::align_val_t(buffer_alignment)); }

  /// n zeroed elements, or overflow / out_of_memory.
  static result<buffer> make(std::int64_t n) {
    std::int64_t bytes = 0;
    if (!checked_multiply(n, static_cast<std::int64_t>(sizeof(T)), bytes))
      return mismatch("size", "element count", 0, 0, n, error_code::overflow);
    buffer b;
    if (n == 0) return result<buffer>(std::move(b));
    void* memory = ::operator new(static_cast<std::size_t>(bytes),
                                  std::align_val_t(buffer_alignment), std::nothrow);
    if (memory == nullptr)
      return mismatch("size", "bytes that could be allocated", 0, bytes, 0,
                      error_code::out_of_memory);
    std::memset(memory, 0, static_cast<std::size_t>(bytes));
    b.data_ = static_cast<T*>(memory);
    b.size_ = n;
    return result<buffer>(std::move(b));
  }

  /// A copy of this buffer.
  result<buffer> clone() const {
    result<buffer> copy = make(size_);
    if (copy.ok() && size_ != 0)
      std::memcpy(copy->data_, data_, static_cast<std::size_t>(size_) * sizeof(T));
    return copy;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::int64_t bytes() const { return size_ * static_cast<std::int64_t>(sizeof(T)); }
  T& operator[](std::int64_t i) { return data_[i]; }
  const T& operator[](std::int64_t i) const { return data_[i]; }
  std::span<T> span() { return {data_, static_cast<std::size_t>(size_)}; }
  std::span<const T> span() const { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace qtl::inline v0
