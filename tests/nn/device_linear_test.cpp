// SPDX-License-Identifier: Apache-2.0
// tests/nn/device_linear_test.cpp - the layer on a device: what it copies, what it refuses, and
// that its results are the reference's. The device is plain memory; kernels of a GPU are tested in
// tests/gpu.
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/cpu.hpp"

#include "nn/plain_device.hpp"
#include "ops/test_matrix.hpp"

namespace {

using namespace qtl;
using qtl_test::device_did;
using qtl_test::noise_matrix;
using qtl_test::noise_vector;

using static_u8 = w8a8_static::activation;
template<bool Packs>
using device = qtl_test::plain_device<Packs, token_s8, static_u8, a16, token_e4m3>;

template<class Pair, class B>
using layer_of = QLinear<typename Pair::weight, typename Pair::activation, B>;

template<class Pair>
qparams<typename Pair::activation> params() {
  return choose_qparams<typename Pair::activation>({-2, 2});
}

TEST_CASE_TEMPLATE("a device layer gives the reference's bits", Pair, w8a8, w8a8_static, w4a8,
                   w4a16, fp8) {
  using W = typename Pair::weight;
  const std::vector<float> bias = noise_vector(7, 1);
  const QTensor<W> w = quantize<W>(noise_matrix(7, 133, 2));
  const matrix<float> x = noise_matrix(5, 133, 3);
  const auto reference = layer_of<Pair, reference_backend>::make(w, bias, params<Pair>());
  const auto plain = layer_of<Pair, device<false>>::make(w, bias, params<Pair>());
  const auto packed = layer_of<Pair, device<true>>::make(w, bias, params<Pair>());
  REQUIRE(reference.ok());
  REQUIRE(plain.ok());
  REQUIRE(packed.ok());
  const matrix<float> expected = (*reference)(x);
  CHECK(qtl_test::same_matrix((*plain)(x).view(), expected.view()));
  CHECK(qtl_test::same_matrix((*packed)(x).view(), expected.view()));
  CHECK(std::string(plain->kernel_name()) == "plain");
  CHECK(plain->in_features() == 133);
  CHECK(plain->out_features() == 7);
}

// A run into memory of the caller, at odd places of a larger matrix.
template<class X, class Y>
void check_run(const auto& layer, const matrix<float>& x) {
  const std::int64_t m = x.rows();
  const std::int64_t k = x.cols();
  const std::int64_t n = layer.out_features();
  std::vector<device_element<X>> wide(static_cast<std::size_t>(m * (k + 3)));
  matrix<float> rounded = *matrix<float>::make(m, k);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < k; ++j) {
      auto& element = wide[static_cast<std::size_t>(i * (k + 3) + j)];
      if constexpr (std::same_as<X, f32>)
        element = x(i, j);
      else
        element = X::encode(x(i, j));
      rounded(i, j) = X::decode(X::encode(x(i, j)));
    }
  const matrix<float> expected = layer(rounded);
  std::vector<device_element<Y>> y(static_cast<std::size_t>(m * (n + 2)), device_element<Y>(7));
  std::vector<std::byte> workspace(static_cast<std::size_t>(layer.workspace_size(m)) + 1);
  const run_context context{std::span(workspace).subspan(1), {}, nullptr};
  const device_view<const X> in(wide.data(), m, k, k + 3);
  const device_view<Y> out(y.data(), m, n, n + 2);
  const qtl_test::device_log before = device_did;
  REQUIRE(layer.run(in, out, context).ok());
  CHECK(device_did.allocations == before.allocations);
  CHECK(device_did.copies == before.copies);
  CHECK(device_did.waits == before.waits);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n + 2; ++j) {
      const auto got = y[static_cast<std::size_t>(i * (n + 2) + j)];
      if (j >= n)
        CHECK(got == device_element<Y>(7));
      else if constexpr (std::same_as<Y, f32>)
        CHECK(float_bits(got) == float_bits(expected(i, j)));
      else
        CHECK(got == Y::encode(expected(i, j)));
    }
}

TEST_CASE_TEMPLATE("f32, f16 and bf16 in and out, strided, without a copy or a wait", Pair, w8a8,
                   w4a16) {
  using W = typename Pair::weight;
  const layer_of<Pair, device<true>> layer{quantize<W>(noise_matrix(6, 50, 2)), noise_vector(6, 1)};
  for (const std::int64_t m : {0, 1, 4}) {
    const matrix<float> x = noise_matrix(m, 50, 3);
    check_run<f32, f32>(layer, x);
    check_run<f16, f16>(layer, x);
    check_run<bf16, f32>(layer, x);
    check_run<f16, bf16>(layer, x);
  }
}

TEST_CASE("requantized outputs and functions") {
  layer_of<w8a8, device<true>> layer{quantize<w8a8::weight>(noise_matrix(6, 50, 2))};
  const matrix<float> x = noise_matrix(3, 50, 3);
  const matrix<float> plain = layer(x);
  layer.set_epilogue(activation_function::silu);
  CHECK(layer.epilogue() == activation_function::silu);
  const matrix<float> y = layer(x);
  for (std::int64_t e = 0; e < 18; ++e)
    CHECK(float_bits(y.data()[e]) ==
          float_bits(activate(activation_function::silu, plain.data()[e])));

  using P = policy<u8, affine, per_tensor>;
  const qparams<P> p{0.25f, 100};
  const auto device_x = device_matrix<f32, device<true>>::copy_of({x.data(), 150}, 3, 50);
  auto codes = device_matrix<u8, device<true>>::make(3, 6);
  std::vector<std::byte> workspace(static_cast<std::size_t>(layer.workspace_size(3)));
  REQUIRE(layer.run<P>(device_x->view(), codes->view(), p, {workspace, {}, nullptr}).ok());
  std::vector<std::uint8_t> host(18);
  REQUIRE(codes->download(host).ok());
  for (std::size_t e = 0; e < 18; ++e) CHECK(host[e] == encode_element<P>(y.data()[e], p));
  CHECK(layer.run<P>(device_x->view(), codes->view(), {0.0f, 0}, {workspace, {}, nullptr}).code ==
        error_code::invalid_argument);
}

TEST_CASE("plans") {
  const layer_of<w8a8, device<false>> layer{quantize<w8a8::weight>(noise_matrix(6, 50, 2))};
  const linear_plan p = *layer.plan(5);
  CHECK(p.kernel_name() == std::string("plain"));
  CHECK(p.variant == "m5");
  CHECK(p.workspace_size == layer.workspace_size(5));
  CHECK(p.workspace_size >= 5 * 64 + 2 * 64 + 500 + 63);
  CHECK(layer.plan(5, strictness::strict).why().code == error_code::fallback_refused);
  CHECK(layer.plan(-1).why().code == error_code::overflow);
  CHECK(layer.workspace_size(INT64_MAX) == 0);
  CHECK(layer.device().name == "plain");
  CHECK(std::string(layer.quantizer_name()) == "plain_quantizer");
}

TEST_CASE("what a device layer refuses, by name") {
  using layer = layer_of<w8a8, device<true>>;
  const QTensor<w8a8::weight> w = quantize<w8a8::weight>(noise_matrix(6, 50, 2));
  CHECK(layer::make(w, noise_vector(5, 1)).why().message ==
        "bias: number of values is 5, expected 6");
  CHECK(layer_of<w8a8_static, device<true>>::make(w, {}, {0.0f, 0}).why().operand ==
        std::string("activation"));
  CHECK(
      layer_of<w3a16, device<true>>::make(quantize<w3a16::weight>(noise_matrix(2, 9, 1)))
          .why()
          .message ==
      "Backend: plain_device has no kernel for weights s3 symmetric_half_step per_group<128>, f16 scales | activations f16 unscaled");
  CHECK(
      layer_of<w4a4, device<true>>::make(quantize<w4a4::weight>(noise_matrix(2, 9, 1)))
          .why()
          .message ==
      "Backend: plain_device has no kernel that makes activations s4 symmetric per_token, dynamic of f32");
  device_did.is_absent = true;
  CHECK(layer::make(w).why().message == "device: there is none");
  device_did.is_absent = false;
}

TEST_CASE("errors of run name the operand, and nothing is written") {
  const layer_of<w8a8, device<true>> layer{quantize<w8a8::weight>(noise_matrix(6, 50, 2))};
  std::vector<float> x(200, 1.0f);
  std::vector<float> y(40, 7.0f);
  std::vector<std::byte> workspace(static_cast<std::size_t>(layer.workspace_size(4)));
  const auto run = [&](std::int64_t m, std::int64_t k, std::int64_t rows, std::int64_t n,
                       std::size_t missing = 0) {
    return layer.run(device_view<f32>(x.data(), m, k), device_view<f32>(y.data(), rows, n),
                     {std::span(workspace).subspan(missing), {}, nullptr});
  };
  CHECK(run(4, 49, 4, 6).message == "x: number of columns is 49, expected 50");
  CHECK(run(4, 50, 3, 6).message == "y: number of rows is 3, expected 4");
  CHECK(run(4, 50, 4, 5).message == "y: number of columns is 5, expected 6");
  CHECK(run(4, 50, 4, 6, 1).code == error_code::workspace_too_small);
  device_did.refuses_launches = true;
  CHECK(run(4, 50, 4, 6).message == "stream: refused");
  device_did.refuses_launches = false;
  for (const float v : y) CHECK(v == 7.0f);
  CHECK(run(4, 50, 4, 6).ok());
}

TEST_CASE("buffers and tensors move, copy there and back, and give their memory back") {
  using B = device<true>;
  const int living = device_did.living;
  {
    const std::vector<float> host{1, 2, 3};
    auto a = *device_buffer<float, B>::copy_of(host);
    auto b = std::move(a);
    CHECK(a.size() == 0);
    std::vector<float> back(3);
    CHECK(b.download(back).ok());
    CHECK(back == host);
    CHECK(b.upload(std::span<const float>(host).first(2)).message ==
          "host: number of elements is 2, expected 3");
    CHECK(device_buffer<float, B>::make(-1).why().code == error_code::overflow);
    CHECK(device_buffer<float, B>::make(0)->data() == nullptr);

    const auto w = quantize<w4a16_affine::weight>(noise_matrix(5, 300, 1));
    auto there = DeviceQTensor<w4a16_affine::weight, B>::copy_of(w);
    REQUIRE(there.ok());
    const auto moved = *std::move(there);
    const auto returned = moved.to_host();
    REQUIRE(returned.ok());
    CHECK(qtl_test::same_matrix(dequantize(*returned).view(), dequantize(w).view()));
    const auto through_view =
        DeviceQTensor<w4a16_affine::weight, B>::download_qtensor(moved.view());
    CHECK(qtl_test::same_matrix(dequantize(*through_view).view(), dequantize(w).view()));
  }
  CHECK(device_did.living == living);
}

TEST_CASE("a layer chosen at run time may lie on a device") {
  const auto weight = noise_matrix(6, 50, 2);
  using list = type_list<w8a8, w4a16>;
  const auto any = try_make_linear<device<true>>(
      list{}, describe_linear<w8a8::weight, w8a8::activation>(), weight.view());
  REQUIRE(any.ok());
  const matrix<float> x = noise_matrix(3, 50, 3);
  const QLinear<w8a8::weight, token_s8, reference_backend> reference{
      quantize<w8a8::weight>(weight)};
  CHECK(qtl_test::same_matrix(any->try_apply(x.view())->view(), reference(x).view()));
  matrix<float> y = *matrix<float>::make(3, 6);
  CHECK(any->run(x.view(), y.view(), {}).ok());
  CHECK(qtl_test::same_matrix(y.view(), reference(x).view()));
}

}  // namespace
