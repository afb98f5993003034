// SPDX-License-Identifier: Apache-2.0
#include "qtl/base/error.hpp"

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace {

using qtl::error_code;
using qtl::result;
using qtl::status;

using counted = result<std::shared_ptr<int>>;

static_assert(status{}.ok());
static_assert(qtl::to_string(error_code::ok) == std::string_view("ok"));
static_assert(qtl::to_string(error_code::not_found) == std::string_view("not_found"));
static_assert(qtl::to_string(error_code::device_failed) == std::string_view("device_failed"));

const status refused = qtl::failure(error_code::unsupported, "weight", "no kernel for s3");

TEST_CASE("mismatch names operand, dimension and both values") {
  const status s = qtl::mismatch("bias", "length", 0, 128, 64);
  CHECK_FALSE(s.ok());
  CHECK(s.code == error_code::shape_mismatch);
  CHECK(s.dimension == 0);
  CHECK(s.expected == 128);
  CHECK(s.actual == 64);
  CHECK(s.message.view() == "bias: length is 64, expected 128");
}

TEST_CASE("result holds a value or the reason why not") {
  result<int> value = 7;
  CHECK(value.ok());
  CHECK(*value == 7);
  CHECK(value.why().ok());

  result<int> none = refused;
  CHECK_FALSE(none);
  CHECK(none.why().message.view() == "weight: no kernel for s3");
}

TEST_CASE("result moves and destroys exactly once") {
  auto owner = std::make_shared<int>(1);
  {
    counted first = owner;
    counted second = std::move(first);
    CHECK(owner.use_count() == 2);
    first = refused;
    CHECK(first.why().code == error_code::unsupported);
    first = std::move(second);
    CHECK(owner.use_count() == 2);
    counted& same = first;
    first = std::move(same);
    CHECK(*first == owner);
    first = refused;
    CHECK(owner.use_count() == 1);
  }
  CHECK(owner.use_count() == 1);
}

TEST_CASE("the throwing forms carry the status") {
  CHECK_NOTHROW(qtl::throw_if_failed(status{}));
  CHECK(qtl::value_or_throw(result<int>(3)) == 3);
  try {
    qtl::value_or_throw(result<int>(refused));
    FAIL("did not throw");
  } catch (const qtl::error& e) {
    CHECK(std::string(e.what()) == "weight: no kernel for s3");
    CHECK(e.code() == error_code::unsupported);
  }
}

}  // namespace
