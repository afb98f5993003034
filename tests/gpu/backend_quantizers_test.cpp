// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_quantizers_test.cpp - every quantizer that the backend lists, from every format
// of reals, through every team of threads: the bits of nn/activations.hpp, in the columns' own
// order and in another one.
#include "qtl/backend/gpu/device_activations.hpp"
#include "qtl/gpu.hpp"
#include "qtl/gpu/host/quantizer_list.cuh"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;

struct shape {
  std::int64_t m;
  std::int64_t k;
  std::int64_t offset = 0;   // of the first element, in elements
  std::int64_t padding = 0;  // between rows, in elements
};

/// Columns from the last to the first.
std::vector<std::int32_t> reversed(std::int64_t k) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(k));
  for (std::size_t p = 0; p < order.size(); ++p)
    order[p] = static_cast<std::int32_t>(order.size() - 1 - p);
  return order;
}

/// Element `at` of what lies at a device address inside memory that was brought back.
template<class T>
T element(const std::vector<std::byte>& memory, const device_array<std::byte>& there,
          const void* part, std::int64_t at) {
  const std::byte* from = memory.data() + (static_cast<const std::byte*>(part) - there.data());
  return load_unaligned<T>(from, at);
}

/// Compares the operand, in the device's memory, with the host's answer.
template<QuantPolicy A>
void check_operand(const activation_operand& to, const device_array<std::byte>& there,
                   const matrix<float>& x, const qparams<A>& fixed) {
  const std::vector<std::byte> memory = there.download();
  if constexpr (is_unscaled<typename A::scheme>) {
    for (std::int64_t i = 0; i < x.rows(); ++i)
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        const auto bits = element<std::uint16_t>(memory, there, to.row(i), j);
        const auto same = bits == A::format::encode(x(i, j)) || is_nan(x(i, j));
        REQUIRE((same && is_nan(A::format::decode(bits)) == is_nan(x(i, j))));
      }
  } else {
    const std::int64_t row_bytes = packed_bytes(x.cols(), A::format::bits);
    const auto expected = answer_of_activations<A>(x.view(), row_bytes, fixed);
    const std::int64_t stride = device_group_stride(x.rows());
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (std::int64_t b = 0; b < row_bytes; ++b)
        REQUIRE(element<std::byte>(memory, there, to.row(i), b) ==
                expected.codes[static_cast<std::size_t>(i * row_bytes + b)]);
      for (std::int64_t g = 0; g < to.groups; ++g) {
        const auto at = static_cast<std::size_t>(i * to.groups + g);
        const auto scale = element<float>(memory, there, to.scales, g * stride + i);
        REQUIRE((scale == expected.scales[at] || (is_nan(scale) && is_nan(expected.scales[at]))));
        if constexpr (offset_bytes<A> != 0)
          REQUIRE(element<std::int32_t>(memory, there, to.zero_points, g * stride + i) ==
                  expected.offsets[at]);
        if (to.sums != nullptr)
          REQUIRE(element<std::int32_t>(memory, there, to.sums, g * stride + i) ==
                  expected.sums[at]);
      }
    }
  }
}

template<QuantPolicy A, class F>
void check_shape(const shape& s, bool reorders) {
  CAPTURE(to_text(describe<A>()).c_str());
  CAPTURE(F::name.c_str());
  CAPTURE(s.m);
  CAPTURE(s.k);
  CAPTURE(reorders);
  const device_quantizer* quantizer =
      find_quantizer<gpu_backend>(describe<A>(), wide_encoding<F>());
  REQUIRE(quantizer != nullptr);
  const stored_reals<F> x = store_reals<F>(sample_rows(s.m, s.k, 5, true), s.offset, s.padding);
  const std::vector<std::int32_t> order = reversed(s.k);
  const device_array<std::int32_t> device_order(order);
  const device_activation_layout layout{describe<A>(), s.m, s.k};
  const device_array<std::byte> memory(layout.size());
  const device_array<std::byte> gathered(s.m * gathered_row_bytes(s.k, 4));
  const qparams<A> fixed = choose_qparams<A>({-2.0f, 2.5f});
  quantize_args args;
  args.policy = describe<A>();
  args.x = {x.data(), s.m, s.k, x.stride, wide_encoding<F>()};
  args.to = layout.operand(memory.data(), reader_of<typename A::format>());
  args.fixed = {fixed.scale, fixed.zero_point(), fixed.shift()};
  if (reorders) args.column_order = device_order.data();
  args.gathered = gathered.data();
  require_ok(quantizer->run(args));
  require_ok(gpu::synchronize());
  matrix<float> met = *matrix<float>::make(s.m, s.k);
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.k; ++j)
      met(i, j) = x.host(i, reorders ? order[static_cast<std::size_t>(j)] : j);
  check_operand<A>(args.to, memory, met, fixed);
}

template<QuantPolicy A, class F>
void check_quantizer() {
  // As long as a warp, a block and the longest team keep, and one more; under one seed each.
  using source = gpu::plain_row<F>;
  const shape shapes[] = {
      {17, 33, 1, 2},
      {2, gpu::short_row_team<source>::reach + 1, 0, 7},
      {1, gpu::middle_row_team<source>::reach + 1, 3, 0},
  };
  for_each_seed([&] { check_shape<A, F>(shapes[0], false); });
  std::uint64_t seed = 0;
  for (const shape& s : shapes) under_seed(++seed, [&] { check_shape<A, F>(s, s.m != 2); });
  under_seed(2, [&] { check_shape<A, F>(shapes[1], false); });
  under_seed(3, [&] { check_shape<A, F>(shapes[2], false); });
}

template<class Policies>
void check_all() {
  for_each_type(Policies{}, [&]<class A>() {
    check_quantizer<A, f32>();
    check_quantizer<A, f16>();
    check_quantizer<A, bf16>();
  });
}

TEST_CASE("every quantizer of integers") { check_all<gpu::integer_activations>(); }
TEST_CASE("every quantizer of floats, and of reals of 16 bits") {
  check_all<gpu::real_activations>();
}

}  // namespace
