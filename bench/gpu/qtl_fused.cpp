// SPDX-License-Identifier: Apache-2.0
// bench/gpu/qtl_fused.cpp - quantizers of tokens that do RMSNorm, or silu(gate) * up, on the way.
// Compiled by nvcc where there is a GPU: layers do not call them, engines do.
#include <cmath>

#include "qtl/backend/gpu/device_activations.hpp"
#include "qtl/gpu/host/quantize.cuh"
#include "qtl/gpu/kernel/rms_norm_quantize.cuh"
#include "qtl/gpu/kernel/silu_mul_quantize.cuh"
#include "qtl/policy/presets.hpp"

#include "contestants.hpp"
#include "data.hpp"

namespace qtl_bench {

namespace {

namespace gpu = qtl::gpu;
using element = gpu::real_element<qtl::bf16>;

/// x / rms(x) * weight.
struct rms_norm {
  using source = gpu::rms_norm_row<qtl::bf16>;
  static constexpr const char* name = "rms_norm + quantize";
  static constexpr int rows_of_input = 1;
  static constexpr float epsilon = 1e-5f;

  static source::params params(const element* x, const element* weight, std::int64_t k) {
    return {x, weight, k, epsilon};
  }
  static std::vector<double> expected(const float* x, const float* weight, std::int64_t k) {
    double squares = 0;
    for (std::int64_t j = 0; j < k; ++j) squares += double{x[j]} * x[j];
    const double factor = 1 / std::sqrt(squares / static_cast<double>(k) + double{epsilon});
    std::vector<double> y;
    for (std::int64_t j = 0; j < k; ++j) y.push_back(x[j] * factor * weight[j]);
    return y;
  }
};

/// silu(gate) * up: both side by side in a row.
struct silu_mul {
  using source = gpu::silu_mul_row<qtl::bf16>;
  static constexpr const char* name = "silu_mul + quantize";
  static constexpr int rows_of_input = 2;

  static source::params params(const element* x, const element*, std::int64_t k) {
    return {x, x + k, 2 * k, 2 * k};
  }
  static std::vector<double> expected(const float* x, const float*, std::int64_t k) {
    std::vector<double> y;
    for (std::int64_t j = 0; j < k; ++j)
      y.push_back(x[j] / (1 + std::exp(-double{x[j]})) * x[k + j]);
    return y;
  }
};

/// m tokens of k outputs of F, quantized as A says.
template<class A, class F>
class fused_quantizer : public contestant {
 public:
  fused_quantizer(const shape& s, const qtl::device_facts& device)
      : s_(s), x_(uniform_matrix(period(s.m, token_period), F::rows_of_input * s.k, 5)),
        weight_(uniform_matrix(1, s.k, 6)) {
    round_all<qtl::bf16>(x_);
    round_all<qtl::bf16>(weight_);
    const std::vector<std::uint16_t> codes = encode_all<qtl::bf16>(x_);
    const auto rows =
        repeat_rows(std::as_bytes(std::span(codes)).data(), x_.rows(), s.m, 2 * x_.cols());
    input_bytes_ = static_cast<std::int64_t>(rows.size());
    sets_ = set_count(input_bytes_, device);
    inputs_ = upload(rows, sets_);
    const std::vector<std::uint16_t> weights = encode_all<qtl::bf16>(weight_);
    device_weight_ = std::move(upload(std::as_bytes(std::span(weights)), 1)[0]);
    for (int i = 0; i < sets_; ++i) outputs_.push_back(poisoned(layout().size()));
  }

  contestant_info info() const override {
    return {std::string("qtl ") + F::name, "", false,
            static_cast<double>(input_bytes_ + layout().size())};
  }
  int sets() const override { return sets_; }

  void enqueue(int turn) override {
    const auto at = static_cast<std::size_t>(turn % sets_);
    const qtl::activation_operand to = operand(outputs_[at].data());
    gpu::quantize_rows_params<A, typename F::source, gpu::parameter_form::decoded> p;
    p.x = F::params(reinterpret_cast<const element*>(inputs_[at].data()),
                    reinterpret_cast<const element*>(device_weight_.data()), s_.k);
    p.m = s_.m;
    p.k = s_.k;
    p.codes = const_cast<std::byte*>(to.codes);
    p.row_bytes = to.row_bytes;
    p.written_bytes = qtl::packed_bytes(s_.k, A::format::bits);
    p.blocks.scales = const_cast<float*>(to.scales);
    p.blocks.row_stride = 1;
    p.blocks.group_stride = qtl::device_group_stride(s_.m);
    p.sums = const_cast<std::int32_t*>(to.sums);
    qtl::throw_if_failed(gpu::quantize_matrix(p, main_stream()));
  }

  void poison() override { poison_again(outputs_[0]); }

  // Against doubles: a code lies within half a step, and a little for what was rounded before.
  std::string find_error() override {
    std::vector<std::byte> got(static_cast<std::size_t>(outputs_[0].size()));
    qtl::throw_if_failed(outputs_[0].download(got, main_stream()));
    const qtl::activation_operand o = operand(got.data());
    std::vector<float> codes(static_cast<std::size_t>(s_.k));
    std::vector<std::vector<double>> expected;
    for (std::int64_t i = 0; i < x_.rows(); ++i)
      expected.push_back(F::expected(x_.data() + i * x_.cols(), weight_.data(), s_.k));
    for (std::int64_t i = 0; i < s_.m; ++i) {
      const std::vector<double>& want = expected[static_cast<std::size_t>(i % x_.rows())];
      o.elements.read(o.row(i), 0, s_.k, codes.data());
      for (std::size_t j = 0; j < want.size(); ++j) {
        const double y = double{o.scales[i]} * codes[j];
        if (std::fabs(y - want[j]) <= step(o.scales[i], want[j])) continue;  // false for NaN
        return "token " + std::to_string(i) + ", column " + std::to_string(j) + " is " +
               std::to_string(y) + ", expected " + std::to_string(want[j]);
      }
    }
    return {};
  }

 private:
  // Half of the distance between codes near y: of integers one scale, of e4m3 (3 bits of mantissa)
  // an eighth of y or, below the normal numbers, 2^-9 scales.
  static double step(float scale, double y) {
    if constexpr (qtl::kind_of<typename A::format> == qtl::format_kind::integer)
      return 0.501 * double{scale};
    else
      return 0.501 * std::fmax(std::fabs(y) / 8, double{scale} / 512);
  }
  qtl::device_activation_layout layout() const { return {qtl::describe<A>(), s_.m, s_.k}; }
  qtl::activation_operand operand(std::byte* memory) const {
    return layout().operand(memory, qtl::reader_of<typename A::format>());
  }

  shape s_;
  qtl::matrix<float> x_, weight_;
  std::int64_t input_bytes_ = 0;
  int sets_ = 2;
  std::vector<device_bytes> inputs_, outputs_;
  device_bytes device_weight_;
};

template<class A, class F>
std::vector<made> fused(const shape& s) {
  std::vector<made> all(1);
  all[0].name = std::string("qtl ") + F::name;
  try {
    all[0].who =
        std::make_unique<fused_quantizer<A, F>>(s, qtl::value_or_throw(qtl::gpu_backend::facts()));
  } catch (const std::exception& e) {
    all[0].refusal = e.what();
  }
  return all;
}

}  // namespace

std::vector<made> s8_rms_norm_quantizers(const shape& s) {
  return fused<qtl::token_s8, rms_norm>(s);
}
std::vector<made> e4m3_rms_norm_quantizers(const shape& s) {
  return fused<qtl::token_e4m3, rms_norm>(s);
}
std::vector<made> s8_silu_mul_quantizers(const shape& s) {
  return fused<qtl::token_s8, silu_mul>(s);
}
std::vector<made> e4m3_silu_mul_quantizers(const shape& s) {
  return fused<qtl::token_e4m3, silu_mul>(s);
}

}  // namespace qtl_bench
