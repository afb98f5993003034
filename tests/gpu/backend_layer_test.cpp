// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_layer_test.cpp - what a layer on gpu_backend promises besides its numbers:
// inputs and outputs of 16 bits, codes, plans, refusals by name, nothing allocated while running.
#include <atomic>
#include <new>

#include "qtl/gpu/host/device.cuh"
#include "qtl/nn/any_linear.hpp"

#include "gpu/backend_case.hpp"

namespace {

std::atomic<int> allocations = 0;

}  // namespace

#if !defined(__CUDA_ARCH__)  // nvcc takes these for the device's as well
// Every operator new of the program is counted.
void* operator new(std::size_t size) {
  ++allocations;
  return std::malloc(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto a = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(a, (size + a - 1) / a * a);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
#endif
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

using namespace qtl;
using qtl_test::device_array;
using qtl_test::layer_shape;
using qtl_test::make_layer;
using qtl_test::noise_matrix;
using qtl_test::require_ok;
using qtl_test::run_on_device;

TEST_CASE_TEMPLATE("f16 and bf16 outputs are the f32 output rounded once", Pair, w8a8, w4a16) {
  const layer_shape s{5, 37, 150};
  const auto layer = make_layer<Pair, gpu_backend>(s);
  matrix<float> x = noise_matrix(s.m, s.k, 3);
  const std::vector<float> y = run_on_device<f32>(layer, x);
  const auto halves = run_on_device<f16>(layer, x);
  const auto brains = run_on_device<bf16>(layer, x);
  for (std::size_t e = 0; e < y.size(); ++e) {
    CHECK(halves[e] == f16::encode(y[e]));
    CHECK(brains[e] == bf16::encode(y[e]));
  }
}

// x in format F, rows apart, at an address that only its elements are aligned to.
template<class F>
void check_input(const auto& layer, const layer_shape& s, std::int64_t stride,
                 std::int64_t offset) {
  const matrix<float> x = noise_matrix(s.m, s.k, 3);
  matrix<float> rounded = *matrix<float>::make(s.m, s.k);
  std::vector<device_element<F>> wide(static_cast<std::size_t>(s.m * stride + offset));
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.k; ++j) {
      rounded(i, j) = F::decode(F::encode(x(i, j)));
      wide[static_cast<std::size_t>(offset + i * stride + j)] =
          static_cast<device_element<F>>(F::encode(x(i, j)));
    }
  const std::vector<float> expected = run_on_device<f32>(layer, rounded);
  const device_array<device_element<F>> device_x(wide);
  const device_array<float> y(s.m * (s.n + 2));
  const device_array<std::byte> workspace(layer.workspace_size(s.m));
  require_ok(qtl::gpu::fill(y.data(), 0, y.bytes()));
  require_ok(
      layer.run(device_view<const F>(device_x.data() + offset, s.m, s.k, stride),
                device_view<f32>(y.data(), s.m, s.n, s.n + 2),
                {{workspace.data(), static_cast<std::size_t>(workspace.size())}, {}, nullptr}));
  const std::vector<float> got = y.download();
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.n + 2; ++j)
      CHECK(got[static_cast<std::size_t>(i * (s.n + 2) + j)] ==
            (j < s.n ? expected[static_cast<std::size_t>(i * s.n + j)] : 0.0f));
}

TEST_CASE_TEMPLATE("f16 and bf16 inputs, aligned and not", Pair, w8a8, w4a16) {
  const layer_shape s{3, 20, 72};
  const auto layer = make_layer<Pair, gpu_backend>(s);
  check_input<f16>(layer, s, 72, 0);  // W4A16 reads it where it lies
  check_input<f16>(layer, s, 75, 1);
  check_input<bf16>(layer, s, 80, 0);
  check_input<bf16>(layer, s, 73, 3);
}

TEST_CASE("requantized outputs") {
  const layer_shape s{4, 37, 130};
  const auto layer = make_layer<w8a8, gpu_backend>(s);
  matrix<float> x = noise_matrix(s.m, s.k, 3);
  const std::vector<float> y = run_on_device<f32>(layer, x);
  const auto check = [&]<class P>(const qparams<P>& p) {
    using code = code_type<typename P::format>;
    const auto device_x =
        device_matrix<f32>::copy_of({x.data(), static_cast<std::size_t>(s.m * s.k)}, s.m, s.k);
    const device_array<code> codes(s.m * s.n);
    codes.expect_written_once();
    const device_array<std::byte> workspace(layer.workspace_size(s.m));
    require_ok(layer.template run<P>(
        device_x->view(), device_view<typename P::format>(codes.data(), s.m, s.n), p,
        {{workspace.data(), static_cast<std::size_t>(workspace.size())}, {}, nullptr}));
    qtl_test::require_written();
    const std::vector<code> got = codes.download();
    for (std::size_t e = 0; e < y.size(); ++e) CHECK(got[e] == encode_element<P>(y[e], p));
  };
  check.operator()<policy<s8, symmetric, per_tensor>>({0.25f, {}});
  check.operator()<policy<s8, symmetric_full_clamp, per_tensor>>({0.05f, {}});
  check.operator()<policy<u8, affine, per_tensor>>({0.25f, 100});
  check.operator()<policy<u8, affine_as_is, per_tensor>>({0.0625f, -300});
}

// Allocations of the host in the second run of m tokens; the first makes the shape's plan.
int allocations_of_run(const auto& layer, std::int64_t m) {
  const std::int64_t k = layer.in_features();
  const device_array<float> x(std::vector<float>(static_cast<std::size_t>(m * k), 0.5f));
  const device_array<float> y(m * layer.out_features());
  const device_array<std::byte> workspace(layer.workspace_size(m));
  const std::span<std::byte> memory(workspace.data(), static_cast<std::size_t>(workspace.size()));
  const auto run = [&] {
    return layer.run(device_view<f32>(x.data(), m, k),
                     device_view<f32>(y.data(), m, layer.out_features()), {memory, {}, nullptr});
  };
#if QTL_GPU_EMULATED  // its own queues grow under some kernels: here the host's work counts
  gpu::emulated::current_settings().runs_kernels = false;
#endif
  const status first = run();
  const int before = allocations;
  const status second = run();
  const int after = allocations;
#if QTL_GPU_EMULATED
  gpu::emulated::current_settings().runs_kernels = true;
#endif
  require_ok(first);
  require_ok(second);
  return after - before;
}

TEST_CASE_TEMPLATE("a run allocates nothing: neither host memory nor the device's", Pair, w8a8,
                   w8a8_static, w8a8_affine, w4a8, w4a4, fp8, fp8_block, w4a16, w4a16_affine,
                   nf4_a16) {
  auto layer = make_layer<Pair, gpu_backend>({1, 64, 200});
  for (const std::int64_t m : {1, 16, 250}) CHECK(allocations_of_run(layer, m) == 0);
  std::vector<std::int64_t> reversed;
  for (std::int64_t p = 200; p > 0; --p) reversed.push_back(p - 1);
  require_ok(layer.set_input_order(reversed));
  for (const std::int64_t m : {1, 16, 250}) CHECK(allocations_of_run(layer, m) == 0);
}

TEST_CASE("plans name kernel, tile sizes and workspace") {
  const auto layer = make_layer<w8a8, gpu_backend>({1, 64, 4096});
  const linear_plan p = *layer.plan(1, strictness::strict);
  CHECK(std::string(p.kernel_name()) ==
        (layer.device().target == 900 ? "sm90_w8a8_s8s8" : "w8a8_s8s8"));
  CHECK_FALSE(p.variant.empty());
  CHECK(p.workspace_size == layer.workspace_size(1));
  for (std::int64_t m = 1; m < 70; ++m) CHECK(layer.workspace_size(m) >= m * 4096);
  // Hopper's entries have the names of the others, and a word before them.
  const std::string before = layer.device().target == 900 ? "sm90_" : "";
  CHECK(make_layer<w4a16, gpu_backend>({1, 8, 128}).kernel_name() == before + "weight_s4_f16_f16");
  CHECK(make_layer<nf4_a16, gpu_backend>({1, 8, 128}).kernel_name() ==
        before + "weight_nf4_f32_f16");
}

TEST_CASE("a pair without a kernel is refused by name") {
  using layer = QLinear<mxfp4::weight, mxfp4::activation, gpu_backend>;
  const status s = layer::make(quantize<mxfp4::weight>(noise_matrix(3, 64, 1))).why();
  CHECK(s.code == error_code::unsupported);
  CHECK(
      s.message ==
      "Backend: gpu has no kernel for weights e2m1 symmetric per_group<32>, e8m0 scales | activations e2m1 symmetric per_group<32>, e8m0 scales, dynamic");
  CHECK_FALSE(QLinear<w4a16_shift::weight, a16, gpu_backend>::make(
                  quantize<w4a16_shift::weight>(noise_matrix(3, 64, 1)))
                  .ok());
}

TEST_CASE("a device that the program was not built for is refused by name") {
  constexpr int built[] = {800, 900};
  CHECK(
      gpu::target_for(built, 750).why().message ==
      "device: this program was built for sm_80, sm_90a, and the device has compute capability 7.5");
  CHECK(*gpu::target_for(built, 860) == 800);
  CHECK(*gpu::target_for(built, 900) == 900);
  CHECK_FALSE(gpu::target_for(built, 1000).ok());
}

#if QTL_GPU_EMULATED
TEST_CASE("an older device lists fewer kernels") {
  auto& settings = gpu::emulated::current_settings();
  settings.target = 800;
  using layer = QLinear<fp8::weight, fp8::activation, gpu_backend>;
  CHECK(layer::make(quantize<fp8::weight>(noise_matrix(3, 64, 1))).why().code ==
        error_code::unsupported);
  const auto old = make_layer<w8a8, gpu_backend>({2, 8, 40});
  CHECK(old.device().target == 800);
  settings.target = 0;
  CHECK(layer::make(quantize<fp8::weight>(noise_matrix(3, 64, 1))).ok());
}
#endif

TEST_CASE("host matrices, and a layer chosen at run time") {
  const auto weight = noise_matrix(6, 50, 2);
  const QLinear<w8a8::weight, token_s8, gpu_backend> layer{quantize<w8a8::weight>(weight)};
  const QLinear<w8a8::weight, token_s8, reference_backend> reference{
      quantize<w8a8::weight>(weight)};
  const matrix<float> x = noise_matrix(3, 50, 3);
  const matrix<float> expected = reference(x);
  CHECK(qtl_test::same_matrix(layer(x).view(), expected.view()));
  const auto any = try_make_linear<gpu_backend>(
      type_list<w8a8>{}, describe_linear<w8a8::weight, token_s8>(), weight.view());
  require_ok(any.why());
  CHECK(qtl_test::same_matrix(any->try_apply(x.view())->view(), expected.view()));
}

TEST_CASE("tensors there and back") {
  const auto w = quantize<w4a16_affine::weight>(noise_matrix(5, 300, 1));
  const auto there = DeviceQTensor<w4a16_affine::weight>::copy_of(w);
  require_ok(there.why());
  const auto back = there->to_host();
  require_ok(back.why());
  CHECK(qtl_test::same_matrix(dequantize(*back).view(), dequantize(w).view()));
}

}  // namespace
