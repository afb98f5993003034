// SPDX-License-Identifier: Apache-2.0
// tests/calib/calibrate_test.cpp - batches through one layer, chains, ranges of layers and graphs;
// progress and errors.
#include "qtl/calib/calibrate.hpp"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/calib/observers.hpp"

#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::matrix_from;
using qtl_test::matrix_of;

using view = matrix_view<const float>;

// y = factor * x, for as many columns as it is asked.
struct times {
  float factor;
  std::int64_t width = 3;
  mutable int runs = 0;

  std::int64_t in_features() const { return width; }
  matrix<float> operator()(view x) const {
    ++runs;
    return matrix_from(x.rows, x.cols,
                       [&](std::int64_t i, std::int64_t j) { return factor * x(i, j); });
  }
};

matrix<float> relu(const matrix<float>& x) {
  return matrix_from(x.rows(), x.cols(),
                     [&](std::int64_t i, std::int64_t j) { return x(i, j) > 0 ? x(i, j) : 0.0f; });
}

std::vector<matrix<float>> three_batches() {
  std::vector<matrix<float>> batches;
  batches.push_back(matrix_of({{1, -1, 0}}));
  batches.push_back(matrix_of({{2, -3, 0}, {0, 0, 0}}));
  batches.push_back(matrix_of({{-5, 4, 0}}));
  return batches;
}

bool says(const status& s, std::string_view text) {
  return s.message.view().find(text) != std::string_view::npos;
}

TEST_CASE("calibrate: the input of every layer of a chain, the last of which is not run") {
  const times doubled{2};
  const times tripled{-3};
  std::vector<minmax_observer> observers(3);
  const calibration done = calibrate(chain(doubled, relu, tripled), three_batches(), observers);
  CHECK(done.batches == 3);
  CHECK(done.rows == 4);
  CHECK(done.completed);
  CHECK(observers[0].range().min == -5.0f);
  CHECK(observers[0].range().max == 4.0f);
  CHECK(observers[1].range().min == -10.0f);
  CHECK(observers[1].range().max == 8.0f);
  CHECK(observers[2].range().min == 0.0f);
  CHECK(observers[2].range().max == 8.0f);
  CHECK(doubled.runs == 3);
  CHECK(tripled.runs == 0);
}

TEST_CASE("calibrate: one layer, a range of layers, one matrix and its rows as batches") {
  const matrix<float> x = matrix_of({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {-1, 0, 0}, {10, 0, 0}});
  minmax_observer observer;
  CHECK(calibrate(times{2}, x, observer).batches == 1);
  CHECK(observer.range().max == 10.0f);

  const std::vector<times> layers{{2}, {3}, {4}};
  std::vector<percentile_observer> observers(3, *percentile_observer::make(100));
  const calibration done = calibrate(layers, row_batches(as_view(x), 2), observers);
  CHECK(done.batches == 3);
  CHECK(done.rows == 5);
  CHECK(observers[2].range().max == 60.0f);
  CHECK(observers[2].range().min == -6.0f);
  CHECK(observers[0].counts().total() == 15);
  CHECK(row_batches(as_view(x), 5).size() == 1);
  CHECK(row_batches(as_view(x), INT64_MAX).size() == 1);
}

TEST_CASE("calibrate: batches of any size give what one pass over all gives") {
  const matrix<float> x = qtl_test::noise_matrix(37, 3, 4);
  kl_observer whole;
  CHECK(try_calibrate(times{1}, x, whole).ok());
  for (const std::int64_t rows : {1, 2, 5, 36, 37, 100}) {
    kl_observer parts;
    CHECK(try_calibrate(times{1}, row_batches(as_view(x), rows), parts).ok());
    CHECK(parts.save() == whole.save());
  }
}

TEST_CASE("calibrate: progress is told after each batch, and may stop the run") {
  std::vector<minmax_observer> observers(2);
  std::vector<std::int64_t> told;
  const times layer{1};
  const result<calibration> done = try_calibrate(chain(layer, layer), three_batches(), observers,
                                                 [&](std::int64_t batches, std::int64_t total) {
                                                   CHECK(total == 3);
                                                   told.push_back(batches);
                                                   return batches < 2;
                                                 });
  REQUIRE(done.ok());
  CHECK(told == std::vector<std::int64_t>{1, 2});
  CHECK(done->batches == 2);
  CHECK(done->rows == 3);
  CHECK_FALSE(done->completed);
  CHECK(observers[1].range().min == -3.0f);  // the third batch was not seen
  CHECK(observers[1].range().max == 2.0f);
}

// Makes each batch when it is asked for.
struct made_one_by_one {
  struct iterator {
    int i;
    matrix<float> operator*() const { return matrix_of({{static_cast<float>(i), 0, 0}}); }
    void operator++() { ++i; }
    bool operator!=(const iterator& o) const { return i != o.i; }
  };
  iterator begin() const { return {0}; }
  iterator end() const { return {5}; }
};

TEST_CASE("calibrate: batches may be made one at a time, their number unknown") {
  minmax_observer observer;
  std::int64_t calls = 0;
  const auto progress = [&](std::int64_t, std::int64_t total) {
    CHECK(total == 0);
    return ++calls > 0;
  };
  CHECK(calibrate(times{1}, made_one_by_one{}, observer, progress).batches == 5);
  CHECK(calls == 5);
  CHECK(observer.range().max == 4.0f);
}

TEST_CASE("calibrate: a graph shows its own inputs") {
  // y = b(a(x)) + x: layer 0 is a, layer 1 is b, layer 2 takes the sum
  const times a{2};
  const times b{3};
  const auto graph = [&](view x, input_taps<minmax_observer>& taps) -> status {
    if (const status s = taps(0, x); !s.ok()) return s;
    const matrix<float> y = a(x);
    if (const status s = taps(1, as_view(y)); !s.ok()) return s;
    const matrix<float> z = b(as_view(y));
    const matrix<float> sum = matrix_from(
        x.rows, x.cols, [&](std::int64_t i, std::int64_t j) { return z(i, j) + x(i, j); });
    return taps(2, as_view(sum));
  };
  std::vector<minmax_observer> observers(3);
  CHECK(try_calibrate(graph, three_batches(), observers).ok());
  CHECK(observers[0].range().max == 4.0f);
  CHECK(observers[1].range().max == 8.0f);
  CHECK(observers[2].range().max == 28.0f);
  std::vector<minmax_observer> few(2);
  CHECK(try_calibrate(graph, three_batches(), few).why().code == error_code::invalid_argument);
}

TEST_CASE("calibrate: errors name layer and batch") {
  std::vector<minmax_observer> observers(2);
  std::vector<matrix<float>> batches = three_batches();

  const status count = try_calibrate(times{1}, batches, observers).why();
  CHECK(count.code == error_code::shape_mismatch);
  CHECK(count.expected == 1);
  CHECK(count.actual == 2);

  const times narrow{1, 2};
  const times first{1};
  const status width = try_calibrate(chain(first, narrow), batches, observers).why();
  CHECK(width.code == error_code::shape_mismatch);
  CHECK(width.expected == 2);
  CHECK(width.actual == 3);
  CHECK(says(width, "input of layer 1"));
  CHECK(says(width, "batch 0"));

  batches[2](0, 1) = quiet_nan;
  observers.assign(2, {});
  const status nan = try_calibrate(chain(first, first), batches, observers).why();
  CHECK(nan.code == error_code::not_finite);
  CHECK(says(nan, "row 0, column 1"));
  CHECK(says(nan, "input of layer 0"));
  CHECK(says(nan, "batch 2"));
  CHECK(observers[0].range().max == 2.0f);  // as after two batches

  const times overflowing{largest_float};
  const status inside = try_calibrate(chain(overflowing, first), three_batches(), observers).why();
  CHECK(inside.code == error_code::not_finite);
  CHECK(says(inside, "input of layer 1"));

  const auto failing = [](view) -> result<matrix<float>> {
    return failure(error_code::unsupported, "x", "not today");
  };
  const status refused = try_calibrate(chain(failing, first), three_batches(), observers).why();
  CHECK(refused.code == error_code::unsupported);
  CHECK(says(refused, "batch 0"));
}

TEST_CASE("calibrate: no samples is an error, unless one asked to stop") {
  minmax_observer observer;
  const std::vector<matrix<float>> none;
  CHECK(try_calibrate(times{1}, none, observer).why().code == error_code::invalid_argument);
  std::vector<matrix<float>> empty;
  empty.push_back(*matrix<float>::make(0, 3));
  CHECK(try_calibrate(times{1}, empty, observer).why().code == error_code::invalid_argument);
  CHECK(try_calibrate(times{1}, empty, observer, [](auto...) { return false; }).ok());
  CHECK_THROWS_AS(calibrate(times{1}, none, observer), error);
}

TEST_CASE("calibrate: observers go on from what they hold") {
  minmax_observer observer;
  CHECK(observer.observe(matrix_of({{-100.0f}})).ok());
  CHECK(try_calibrate(times{1}, three_batches(), observer).ok());
  CHECK(observer.range().min == -100.0f);
}

TEST_CASE("calibrate: widths of blocked observers are checked too") {
  blocked_observer<minmax_observer, per_columns<1>> columns;
  CHECK(try_calibrate(relu, three_batches(), columns).ok());
  CHECK(columns.size() == 3);
  CHECK(columns.block(1).range().min == -3.0f);
  CHECK(try_calibrate(relu, matrix_of({{1, 2}}), columns).why().code == error_code::shape_mismatch);
}

TEST_CASE("try_params: from any observer; invalid_argument where nothing was seen") {
  using P = policy<u8, affine>;
  for_each_type(tensor_observers{}, []<class O>() {
    O o;
    CHECK(try_params<P>(o).why().code == error_code::invalid_argument);
    CHECK(o.observe(matrix_of({{-1, 0, 1, 4}})).ok());
    const result<qparams<P>> p = try_params<P>(o);
    REQUIRE(p.ok());
    CHECK(*p == choose_qparams<P>(o.range()));
  });
}

}  // namespace
