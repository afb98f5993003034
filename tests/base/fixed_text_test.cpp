// SPDX-License-Identifier: Apache-2.0
#include "qtl/base/fixed_text.hpp"

#include <cstdint>
#include <string_view>

#include <doctest/doctest.h>

namespace {

using qtl::fixed_text;

template<fixed_text Text>
constexpr std::size_t length_of_argument = Text.size();

static_assert(length_of_argument<"scale"> == 5);
static_assert(fixed_text<8>("abc") == fixed_text<8>(std::string_view("abc")));
static_assert(fixed_text<8>("").empty());

TEST_CASE("fixed_text cuts what does not fit and stays zero-terminated") {
  fixed_text<8> text("abcde");
  text.append("fghij");
  CHECK(text.view() == "abcdefg");
  CHECK(text.c_str()[7] == '\0');
  text.append("more");
  CHECK(text.size() == 7);
}

TEST_CASE("fixed_text appends every 64-bit number") {
  CHECK(fixed_text<32>("").append(std::int64_t{0}).view() == "0");
  CHECK(fixed_text<32>("").append(INT64_MAX).view() == "9223372036854775807");
  CHECK(fixed_text<32>("").append(INT64_MIN).view() == "-9223372036854775808");
  CHECK(fixed_text<4>("").append(std::int64_t{-12345}).view() == "-12");
}

TEST_CASE("fixed_text holds the longest literal of its size") {
  CHECK(fixed_text<4>("abc").view() == "abc");
  CHECK(fixed_text<1>("").empty());
  CHECK(fixed_text<1>(std::string_view("x")).empty());
}

}  // namespace
