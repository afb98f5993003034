// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_order_test.cpp - layers on gpu_backend whose weight has its columns in an order
// of their own: the same bits as for inputs that were permuted by hand.
#include <numeric>

#include "gpu/backend_case.hpp"

namespace {

using namespace qtl;
using qtl_test::layer_shape;
using qtl_test::make_layer;
using qtl_test::noise_matrix;
using qtl_test::require_ok;

std::vector<std::int64_t> some_order(std::int64_t k) {
  std::vector<std::int64_t> columns(static_cast<std::size_t>(k));
  std::iota(columns.begin(), columns.end(), std::int64_t{0});
  for (std::size_t i = columns.size(); i > 1; --i)
    std::swap(columns[i - 1], columns[counter_random(5, i) % i]);
  return columns;
}

/// x rounded to F, in device memory, rows one element further apart than they must be.
template<class F>
struct device_rows {
  std::int64_t m, k;
  qtl_test::device_array<device_element<F>> memory;

  explicit device_rows(const matrix<float>& x) : m(x.rows()), k(x.cols()), memory(stored(x)) {}

  static std::vector<device_element<F>> stored(const matrix<float>& x) {
    std::vector<device_element<F>> bits(static_cast<std::size_t>(x.rows() * (x.cols() + 1)));
    for (std::int64_t i = 0; i < x.rows(); ++i)
      for (std::int64_t j = 0; j < x.cols(); ++j)
        bits[static_cast<std::size_t>(i * (x.cols() + 1) + j)] =
            static_cast<device_element<F>>(F::encode(x(i, j)));
    return bits;
  }
  device_view<const F> view() const { return {memory.data(), m, k, k + 1}; }
};

template<class F, class Layer>
std::vector<float> run(const Layer& layer, const matrix<float>& x) {
  const device_rows<F> rows(x);
  const std::int64_t n = layer.out_features();
  const qtl_test::device_array<float> y(x.rows() * n);
  const qtl_test::device_array<std::byte> workspace(layer.workspace_size(x.rows()));
  y.expect_written_once();
  require_ok(
      layer.run(rows.view(), device_view<f32>(y.data(), x.rows(), n),
                {{workspace.data(), static_cast<std::size_t>(workspace.size())}, {}, nullptr}));
  require_ok(qtl::gpu::synchronize());
  qtl_test::require_written();
  return y.download();
}

template<class Pair, class F>
void check(const layer_shape& s) {
  CAPTURE(Pair::name.c_str());
  CAPTURE(F::name.c_str());
  CAPTURE(s.m);
  CAPTURE(s.k);
  auto layer = make_layer<Pair, gpu_backend>(s);
  matrix<float> x = noise_matrix(s.m, s.k, 3);
  if (s.m > 2) x(2, s.k / 2) = quiet_nan;
  const std::vector<std::int64_t> columns = some_order(s.k);
  matrix<float> permuted = *matrix<float>::make(s.m, s.k);
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t p = 0; p < s.k; ++p)
      permuted(i, p) = x(i, columns[static_cast<std::size_t>(p)]);
  const std::vector<float> expected = run<F>(layer, permuted);
  const std::int64_t before = layer.workspace_size(s.m);
  require_ok(layer.set_input_order(columns));
  CHECK(layer.has_input_order());
  const std::vector<float> y = run<F>(layer, x);
  std::int64_t wrong = 0;
  for (std::size_t e = 0; e < y.size(); ++e)
    wrong += float_bits(y[e]) == float_bits(expected[e]) || (is_nan(y[e]) && is_nan(expected[e]))
                 ? 0
                 : 1;
  CHECK(wrong == 0);
  require_ok(layer.set_input_order({}));
  CHECK(layer.workspace_size(s.m) == before);
}

using odd_groups =
    policy_pair<"odd_groups", policy<s4, symmetric, per_group<40>, scaled_by<f16>>, a16>;

TEST_CASE_TEMPLATE("packed weights: few tokens are read in that order, many are gathered", Pair,
                   w4a16, w4a16_g32_affine, nf4_a16, odd_groups, w4a8, w4a8_channel) {
  check<Pair, f16>({3, 33, 129});
  check<Pair, f32>({16, 40, 300});
  check<Pair, bf16>({17, 33, 150});
}

TEST_CASE_TEMPLATE("codes on both sides: tokens are gathered, then quantized", Pair, w8a8,
                   w8a8_static, w8a8_affine, w4a4, fp8_block) {
  check<Pair, f16>({3, 33, 129});
  check<Pair, f32>({17, 40, 300});
  check<Pair, bf16>({1, 5, 1});
}

TEST_CASE("who gathers where") {
  auto reorders = make_layer<w4a16, gpu_backend>({1, 8, 256});
  auto gathers = make_layer<w8a8, gpu_backend>({1, 8, 256});
  const std::int64_t few = reorders.workspace_size(16);
  const std::int64_t tokens = gathers.workspace_size(16);
  require_ok(reorders.set_input_order(some_order(256)));
  require_ok(gathers.set_input_order(some_order(256)));
  CHECK(reorders.workspace_size(16) == few);
  CHECK(gathers.workspace_size(16) == tokens + 16 * 256 * 4);
  CHECK(gathers.set_input_order(std::vector<std::int64_t>(256, 1)).message ==
        "order: entry 1 is 1, as entry 0 is already, expected each of 256 columns once");
}

}  // namespace
