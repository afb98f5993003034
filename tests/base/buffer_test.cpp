// SPDX-License-Identifier: Apache-2.0
#include "qtl/base/buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <doctest/doctest.h>

namespace {

using qtl::buffer;
using qtl::error_code;

TEST_CASE("a buffer is aligned and zeroed") {
  for (std::int64_t n : {1, 15, 64, 1000}) {
    buffer<float> b = qtl::value_or_throw(buffer<float>::make(n));
    CHECK(b.size() == n);
    CHECK(b.bytes() == n * 4);
    CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % qtl::buffer_alignment == 0);
    CHECK(std::ranges::count(b.span(), 0.0f) == n);
  }
}

TEST_CASE("an empty buffer has no memory") {
  buffer<int> b = qtl::value_or_throw(buffer<int>::make(0));
  CHECK(b.size() == 0);
  CHECK(b.data() == nullptr);
  CHECK(b.span().empty());
  CHECK(b.clone().ok());
}

TEST_CASE("a buffer that cannot be had is a status") {
  CHECK(buffer<double>::make(-1).why().code == error_code::overflow);
  CHECK(buffer<double>::make(INT64_MAX / 4).why().code == error_code::overflow);
}

TEST_CASE("moves leave an empty buffer and copies are independent") {
  buffer<int> a = qtl::value_or_throw(buffer<int>::make(3));
  a[1] = 5;
  buffer<int> copy = qtl::value_or_throw(a.clone());
  copy[1] = 6;
  buffer<int> moved = std::move(a);
  CHECK(moved[1] == 5);
  CHECK(copy[1] == 6);
  CHECK(a.size() == 0);
  a = std::move(moved);
  CHECK(a[1] == 5);
}

}  // namespace
