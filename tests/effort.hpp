// SPDX-License-Identifier: Apache-2.0
// tests/effort.hpp - how far a test goes in programs with sanitizers. They are built without
// optimization and take tens of times as long; they watch every access, and the first rounds of a
// loop make the same ones as the last. What comes out of all rounds is for the other programs.
// Holds: is_sanitized, effort.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define QTL_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QTL_TEST_SANITIZED 1
#endif
#endif

namespace qtl_test {

#if defined(QTL_TEST_SANITIZED)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// `full`, or `little` where every access is watched.
template<class T>
constexpr T effort(T full, T little) {
  return is_sanitized ? little : full;
}

}  // namespace qtl_test
