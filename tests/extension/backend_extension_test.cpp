// SPDX-License-Identifier: Apache-2.0
// tests/extension/backend_extension_test.cpp - a backend and an executor made outside the library,
// without touching it. The code between the [doc] marks is quoted by docs/extend/kernel.md and
// docs/extend/backend.md.
#include <array>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/backend/cpu/eigen_gemm.hpp"
#include "qtl/cpu.hpp"

#include "ops/test_matrix.hpp"

namespace stranger {

// [doc:kernel]
/// Signed bytes on both sides, one scale per row: an integer dot product over weights in a layout
/// of its own, k x n.
namespace columns_first {

inline bool supports(const qtl::gemm_key& key) {
  const auto is_plain_s8 = [](const qtl::policy_desc& d) {
    return d.format == "s8" && d.zero_point == qtl::zero_point_kind::none && d.block_cols == 0;
  };
  return key.accumulator == qtl::accumulation::s32 && is_plain_s8(key.weight) &&
         is_plain_s8(key.activation);
}

inline std::int64_t packed_size(const qtl::gemm_key&, const qtl::weight_operand& w) {
  return w.n * w.k;
}

inline void pack(const qtl::gemm_key&, const qtl::weight_operand& w, std::byte* packed) {
  for (std::int64_t j = 0; j < w.n; ++j)
    for (std::int64_t p = 0; p < w.k; ++p) packed[p * w.n + j] = w.row(j)[p];
}

inline std::int64_t workspace_size(const qtl::gemm_key&, const qtl::gemm_shape& shape) {
  return shape.n * 4;
}

inline void run(const qtl::gemm_args& g) {
  auto* sums = reinterpret_cast<std::int32_t*>(g.workspace.data());
  for (std::int64_t i = 0; i < g.m(); ++i) {
    for (std::int64_t j = 0; j < g.n(); ++j) sums[j] = 0;
    for (std::int64_t p = 0; p < g.k(); ++p) {
      const int x = static_cast<std::int8_t>(g.x.row(i)[p]);
      for (std::int64_t j = 0; j < g.n(); ++j)
        sums[j] += x * static_cast<std::int8_t>(g.packed[p * g.n() + j]);
    }
    for (std::int64_t j = 0; j < g.n(); ++j) {
      const float scale = g.x.block_at(i, 0).scale * g.w.block_at(j, 0).scale;
      qtl::store_output(g.y, i, j,
                        qtl::fused_multiply_add(static_cast<float>(sums[j]), scale, g.bias_at(j)));
    }
  }
}

inline constexpr qtl::gemm_kernel kernel{.name = "columns_first",
                                         .supports = supports,
                                         .packed_size = packed_size,
                                         .pack = pack,
                                         .workspace_size = workspace_size,
                                         .run = run};

}  // namespace columns_first
// [doc]

// [doc:backend]
/// The kernel above and nothing else: other pairs are refused when the layer is made.
struct strict_backend {
  static constexpr qtl::short_name name = "strict";
  static std::span<const qtl::gemm_kernel> kernels() {
    static constexpr std::array list{columns_first::kernel};
    return list;
  }
};

/// The kernel above, then whatever the CPU has.
struct layered_backend {
  static constexpr qtl::short_name name = "layered";
  static std::span<const qtl::gemm_kernel> kernels() {
    static constexpr std::array list{columns_first::kernel, qtl::eigen_gemm::integer_kernel,
                                     qtl::eigen_gemm::dequantize_kernel};
    return list;
  }
};
// [doc]

// [doc:executor]
/// Threads of its own for every call; an engine would keep them.
class thread_executor {
 public:
  explicit thread_executor(int count) : count_(count) {}
  int threads() const { return count_; }

  template<class F>
  void parallel_for(std::int64_t n, F&& f) {
    std::vector<std::thread> workers;
    for (int t = 0; t < count_; ++t)
      workers.emplace_back([&f, n, t, this] {
        for (std::int64_t i = t; i < n; i += count_) f(i);
      });
    for (std::thread& worker : workers) worker.join();
  }

 private:
  int count_;
};
// [doc]

}  // namespace stranger

namespace {

using namespace qtl;
using qtl_test::noise_matrix;

static_assert(Backend<stranger::strict_backend> && Backend<stranger::layered_backend> &&
              Executor<stranger::thread_executor>);

TEST_CASE("QLinear runs the stranger's kernel, and its bits are the specification's") {
  const std::vector<float> bias = qtl_test::noise_vector(33, 3);
  const auto q = quantize<w8a8::weight>(noise_matrix(33, 129, 1));
  const QLinear<w8a8::weight, token_s8, stranger::strict_backend> layer{q, bias};
  const QLinear<w8a8::weight, token_s8, reference_backend> reference{q, bias};
  CHECK(std::string(layer.kernel_name()) == "columns_first");
  CHECK(layer.plan(5, strictness::strict).ok());
  const matrix<float> x = noise_matrix(5, 129, 2);
  CHECK(qtl_test::same_matrix(layer(x).view(), reference(x).view()));
  const matrix<float> none = noise_matrix(0, 129, 2);
  CHECK(layer(none).rows() == 0);
}

TEST_CASE("the outputs of a stranger's kernel come in every kind") {
  const QLinear<w8a8::weight, token_s8, stranger::strict_backend> layer{
      quantize<w8a8::weight>(noise_matrix(4, 20, 1))};
  const matrix<float> x = noise_matrix(2, 20, 2);
  const matrix<float> y = layer(x);
  std::vector<std::byte> workspace(static_cast<std::size_t>(layer.workspace_size(2)));
  std::vector<std::uint16_t> bits(8);
  CHECK(layer
            .run<bf16>(x.view(), matrix_view<std::uint16_t>(bits.data(), 2, 4),
                       {workspace, {}, nullptr})
            .ok());
  for (std::size_t e = 0; e < 8; ++e) CHECK(bits[e] == bf16::encode(y.data()[e]));
}

TEST_CASE("a pair without a kernel is refused when the layer is made") {
  using layer = QLinear<w4a16::weight, a16, stranger::strict_backend>;
  const status s = layer::make(quantize<w4a16::weight>(noise_matrix(3, 4, 1))).why();
  CHECK(s.code == error_code::unsupported);
  CHECK(
      s.message ==
      "Backend: strict has no kernel for weights s4 symmetric per_group<128>, f16 scales | activations f16 unscaled");
  CHECK_THROWS_AS(layer{quantize<w4a16::weight>(noise_matrix(3, 4, 1))}, error);
  // The same policies, but a k that this kernel's accumulator cannot hold.
  using wide =
      QLinear<policy<s8, symmetric_full_clamp, per_channel>, token_s8, stranger::strict_backend>;
  CHECK(wide::make(
            quantize<policy<s8, symmetric_full_clamp, per_channel>>(noise_matrix(1, 131072, 1)))
            .why()
            .code == error_code::unsupported);
}

TEST_CASE("a list is in order of preference") {
  using fast = QLinear<w8a8::weight, token_s8, stranger::layered_backend>;
  using grouped = QLinear<w4a8::weight, token_s8, stranger::layered_backend>;
  CHECK(std::string(fast{quantize<w8a8::weight>(noise_matrix(3, 4, 1))}.kernel_name()) ==
        "columns_first");
  CHECK(std::string(grouped{quantize<w4a8::weight>(noise_matrix(3, 4, 1))}.kernel_name()) ==
        "eigen_integer");
}

TEST_CASE("a stranger's threads change nothing") {
  const QLinear<w4a8::weight, token_s8> layer{quantize<w4a8::weight>(noise_matrix(200, 300, 1))};
  const matrix<float> x = noise_matrix(17, 300, 2);
  const matrix<float> serial = layer(x);
  for (const int count : {1, 2, 3, 4}) {
    stranger::thread_executor executor(count);
    const auto parallel = layer.try_apply(x, executor);
    REQUIRE(parallel.ok());
    CHECK(qtl_test::same_matrix(parallel->view(), serial.view()));
  }
}

}  // namespace
