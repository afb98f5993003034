// SPDX-License-Identifier: Apache-2.0
// qtl/base/error.hpp - how an operation says that it failed: status, result<T>, and the exception over them.
// Every operation that can fail has a form returning one of these; the throwing form is a thin
// wrapper. Nothing here allocates: a status holds its sentence inline.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "qtl/base/fixed_text.hpp"

namespace qtl::inline v0 {

/// What kind of failure it was; the sentence in the status says the rest.
enum class error_code : std::uint8_t {
  ok,
  shape_mismatch,       ///< an extent differs from what the operation needs
  overflow,             ///< a product of extents does not fit 64 bits
  not_finite,           ///< NaN or Inf where a finite value is needed
  out_of_memory,        ///< the allocator returned nothing
  invalid_argument,     ///< a value outside its documented range
  workspace_too_small,  ///< the caller's workspace is smaller than workspace_size()
  unsupported,          ///< no kernel, policy or format for what was asked
  fallback_refused,     ///< strict mode: only a fallback kernel would run
  io_failed,            ///< the operating system refused to open, read or write
  malformed_file,       ///< a file breaks a rule of its format
  not_found,            ///< no tensor or key of that name
  device_failed,        ///< the GPU or its driver reported an error
};

/// The enumerator's name, for logs.
constexpr const char* to_string(error_code code) {
  constexpr const char* names[] = {"ok",
                                   "shape_mismatch",
                                   "overflow",
                                   "not_finite",
                                   "out_of_memory",
                                   "invalid_argument",
                                   "workspace_too_small",
                                   "unsupported",
                                   "fallback_refused",
                                   "io_failed",
                                   "malformed_file",
                                   "not_found",
                                   "device_failed"};
  return names[static_cast<int>(code)];
}

/// Success, or a failure with its sentence. Falsy on success is avoided: ask ok().
struct status {
  error_code code = error_code::ok;
  const char* operand =
      "";  ///< the argument that is wrong, as the signature names it; a string literal
  std::int64_t dimension = -1;  ///< which dimension of it, or -1
  std::int64_t expected = 0;    ///< what was expected, where that is a number
  std::int64_t actual = 0;      ///< what was given
  fixed_text<256> message{};    ///< one sentence for a person

  constexpr bool ok() const { return code == error_code::ok; }
};

/// A failure whose whole story is `message`.
constexpr status failure(error_code code, const char* operand, std::string_view message) {
  status s{code, operand, -1, 0, 0, {}};
  s.message.append(operand).append(": ").append(message);
  return s;
}

/// "operand: what is <actual>, expected <expected>".
constexpr status mismatch(const char* operand, std::string_view what, std::int64_t dimension,
                          std::int64_t expected, std::int64_t actual,
                          error_code code = error_code::shape_mismatch) {
  status s{code, operand, dimension, expected, actual, {}};
  s.message.append(operand).append(": ").append(what).append(" is ").append(actual);
  s.message.append(", expected ").append(expected);
  return s;
}

/// A value of T, or the status that says why there is none. As std::expected<T, status>, which gcc
/// 12 lacks in C++20.
template<class T>
class [[nodiscard]] result {
 public:
  // Two instead of one by value: nvcc moves a returned local into a T&& only.
  result(T&& value) : has_value_(true) { ::new (&value_) T(std::move(value)); }
  result(const T& value) : has_value_(true) { ::new (&value_) T(value); }
  result(const status& why) : has_value_(false) { ::new (&status_) status(why); }
  result(result&& other) noexcept : has_value_(other.has_value_) {
    construct_from(std::move(other));
  }
  result& operator=(result&& other) noexcept {
    if (this == &other) return *this;
    destroy();
    has_value_ = other.has_value_;
    construct_from(std::move(other));
    return *this;
  }
  ~result() { destroy(); }

  bool ok() const { return has_value_; }
  explicit operator bool() const { return has_value_; }

  /// The failure; a default (ok) status where there is a value.
  status why() const { return has_value_ ? status{} : status_; }

  /// The value. Precondition: ok().
  T& operator*() & { return value_; }
  const T& operator*() const& { return value_; }
  T&& operator*() && { return std::move(value_); }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  void construct_from(result&& other) noexcept {
    if (has_value_)
      ::new (&value_) T(std::move(other.value_));
    else
      ::new (&status_) status(other.status_);
  }
  void destroy() {
    if (has_value_) value_.~T();
  }

  union {
    T value_;
    status status_;
  };
  bool has_value_;
};

/// What the throwing forms throw. what() is the status's sentence.
class error : public std::exception {
 public:
  explicit error(const status& s) : status_(s) {}
  const char* what() const noexcept override { return status_.message.c_str(); }
  const status& why() const { return status_; }
  error_code code() const { return status_.code; }

 private:
  status status_;
};

/// True where T's translation unit has exceptions; dependent on T so that the check waits for the
/// call.
template<class T>
inline constexpr bool exceptions_enabled = QTL_EXCEPTIONS != 0;

/// Throws qtl::error when `s` is a failure.
template<class S = status>
void throw_if_failed([[maybe_unused]] const S& s) {
  static_assert(
      exceptions_enabled<S>,
      "this form throws; with exceptions off call the try_ form or the one returning a status");
#if QTL_EXCEPTIONS
  if (!s.ok()) throw error(s);
#endif
}

/// The value of `r`, or throws qtl::error.
template<class T>
T value_or_throw(result<T>&& r) {
  if (!r.ok()) throw_if_failed(r.why());
  return *std::move(r);
}

}  // namespace qtl::inline v0
