// SPDX-License-Identifier: Apache-2.0
// bench/gpu/qtl_product.hpp - every kernel of gpu_backend that multiplies a preset's operands.
// Holds: products_of<Preset>. Activations are quantized once, outside the timed run: products are
// compared with products. Included by one file for each family: templates over policies.
#pragma once

#include "qtl/qtl.hpp"

#include "contestant.hpp"
#include "data.hpp"

namespace qtl_bench {

/// An n-row weight whose rows are those of `drawn`, again and again.
template<class W>
qtl::QTensor<W> repeated(const qtl::QTensor<W>& drawn, std::int64_t n) {
  auto all = qtl::value_or_throw(qtl::QTensor<W>::make(n, drawn.view().cols()));
  const auto from = drawn.view();
  const auto to = all.span();
  const auto fill = [&](std::byte* target, const std::byte* source, std::int64_t source_bytes,
                        std::int64_t target_bytes) {
    for (std::int64_t at = 0; at < target_bytes; at += source_bytes)
      std::memcpy(target + at, source,
                  static_cast<std::size_t>(std::min(source_bytes, target_bytes - at)));
  };
  fill(to.codes, from.codes, from.layout.code_bytes, to.layout.code_bytes);
  fill(to.scales, from.scales, from.layout.scale_bytes, to.layout.scale_bytes);
  fill(to.offsets, from.offsets, from.layout.offset_bytes, to.layout.offset_bytes);
  return all;
}

/// Rows of a weight that are drawn. Where scales are shared by rows, whole blocks of them, so that
/// codes and scales repeat together.
template<class W>
constexpr std::int64_t drawn_features() {
  const std::int64_t rows = qtl::describe<W>().block_rows;
  return rows > 1 ? 3 * rows : feature_period;
}

/// The fixed parameters of static activations, which are below one; none of dynamic ones.
template<class A>
qtl::qparams<A> activation_params() {
  if constexpr (qtl::needs_calibrated_activations<A>)
    return qtl::choose_qparams<A>({-1.0f, 1.0f});
  else
    return {};
}

/// What a preset's contestants of one shape share, on the host.
template<class Preset>
struct product_data {
  using W = typename Preset::weight;
  using A = typename Preset::activation;

  shape extents;
  qtl::matrix<float> x;         ///< the drawn tokens, rounded to f16
  qtl::QTensor<W> drawn;        ///< the drawn features
  std::vector<float> bias;      ///< n, repeated
  qtl::matrix<float> expected;  ///< of what was drawn, by the CPU, rounded to bf16

  explicit product_data(const shape& s)
      : extents(s), x(uniform_matrix(period(s.m, token_period), s.k, 1)),
        drawn(qtl::quantize<W>(uniform_matrix(period(s.n, drawn_features<W>()), s.k, 2).view())) {
    round_all<qtl::f16>(x);
    const qtl::matrix<float> b = uniform_matrix(1, drawn.view().rows(), 3);
    for (std::int64_t j = 0; j < s.n; ++j) bias.push_back(b(0, j % b.cols()));
    const std::span<const float> drawn_bias(bias.data(), static_cast<std::size_t>(b.cols()));
    const auto layer = qtl::value_or_throw(
        qtl::QLinear<W, A>::make_view(drawn.view(), drawn_bias, activation_params<A>()));
    expected = layer(x.view());
    round_all<qtl::bf16>(expected);
  }

  qtl::gemm_key key() const {
    return qtl::make_gemm_key(qtl::describe_linear<W, A>(), qtl::output_kind::as_bf16, extents.k);
  }
  /// Integer sums are specified to the bit. Sums of reals may round in any order: with inputs
  /// below one, a sum of k products and its errors grow as the root of k.
  float tolerance(float y) const {
    if (key().accumulator == qtl::accumulation::s32) return 0.0f;
    return std::fabs(y) / 128.0f + std::sqrt(static_cast<float>(extents.k)) / 1024.0f;
  }
};

/// One kernel on its operands.
template<class Preset>
class qtl_product : public contestant {
  using W = typename Preset::weight;
  using A = typename Preset::activation;

 public:
  qtl_product(const product_data<Preset>& data, const qtl::gemm_kernel& kernel,
              const qtl::device_facts& device)
      : data_(data), kernel_(kernel), device_(device) {
    place_weight();
    place_activations();
    bias_ = upload(std::as_bytes(std::span(data_.bias)), 1);
    for (int i = 0; i < sets_; ++i) outputs_.push_back(poisoned(2 * s().m * s().n));
    workspace_ = qtl::value_or_throw(device_bytes::make(kernel_.workspace_size(key(), extents())));
    const std::vector<std::byte> zeros(static_cast<std::size_t>(workspace_.size()));
    qtl::throw_if_failed(workspace_.upload(zeros, main_stream()));
    synchronize();
  }

  contestant_info info() const override {
    contestant_info i;
    i.name = "qtl " + std::string(kernel_.name.view());
    if (kernel_.variant != nullptr) i.detail = kernel_.variant(key(), extents()).view();
    i.is_peer = false;
    i.bytes = static_cast<double>(input_bytes_ + 2 * s().m * s().n);
    return i;
  }
  int sets() const override { return sets_; }

  void enqueue(int turn) override {
    const auto at = static_cast<std::size_t>(turn % sets_);
    qtl::status outcome;
    qtl::gemm_args args;
    args.key = key();
    args.x = activations_[at];
    args.w = weight_;
    if (kernel_.packed_size != nullptr)
      args.packed = weights_[at].data();
    else
      bring_canonical(args.w, weights_[at].data());
    args.bias = reinterpret_cast<const float*>(bias_[0].data());
    args.y = {outputs_[at].data(), s().n, 1, qtl::output_kind::as_bf16, {}};
    args.workspace = workspace_.span();
    args.stream = main_stream();
    args.device = &device_;
    args.outcome = &outcome;
    kernel_.run(args);
    qtl::throw_if_failed(outcome);
  }

  void poison() override { poison_again(outputs_[0]); }

  std::string find_error() override {
    std::vector<std::byte> y(static_cast<std::size_t>(outputs_[0].size()));
    qtl::throw_if_failed(outputs_[0].download(y, main_stream()));
    return check_periodic(
        data_.expected, s().m, s().n,
        [&](std::int64_t i) {
          return qtl::bf16::decode(qtl::load_unaligned<std::uint16_t>(y.data(), i));
        },
        [&](float want) { return data_.tolerance(want); });
  }

 private:
  const shape& s() const { return data_.extents; }
  qtl::gemm_key key() const { return data_.key(); }
  qtl::gemm_shape extents() const { return {s().m, s().n, s().k, 1, &device_}; }
  static void synchronize() { qtl::throw_if_failed(qtl::gpu_backend::synchronize(main_stream())); }

  void place_weight() {
    const qtl::QTensor<W> all = repeated(data_.drawn, s().n);
    weight_ = qtl::erase(all.view());
    std::vector<std::byte> bytes;
    if (kernel_.packed_size != nullptr) {
      bytes.resize(static_cast<std::size_t>(kernel_.packed_size(key(), weight_)));
      kernel_.pack(key(), weight_, bytes.data());
    } else {
      const auto& layout = all.view().layout;
      const auto add = [&](const std::byte* from, std::int64_t size) {
        bytes.insert(bytes.end(), from, from + size);
        bytes.resize((bytes.size() + 63) / 64 * 64);
      };
      add(all.view().codes, layout.code_bytes);
      scales_at_ = static_cast<std::int64_t>(bytes.size());
      add(all.view().scales, layout.scale_bytes);
      offsets_at_ = static_cast<std::int64_t>(bytes.size());
      add(all.view().offsets, layout.offset_bytes);
    }
    input_bytes_ = static_cast<std::int64_t>(bytes.size()) +
                   qtl::device_activation_layout{qtl::describe<A>(), s().m, s().k}.size();
    sets_ = set_count(input_bytes_, device_);
    weights_ = upload(bytes, sets_);
    weight_.codes = weight_.scales = weight_.offsets = nullptr;  // the host's
  }

  void bring_canonical(qtl::weight_operand& w, const std::byte* memory) const {
    w.codes = memory;
    if (scales_at_ != offsets_at_) w.scales = memory + scales_at_;
    if (w.offset_kind != qtl::offset_encoding::none) w.offsets = memory + offsets_at_;
  }

  // Quantized, or converted, by the backend's own kernel from f16.
  void place_activations() {
    const std::vector<std::uint16_t> drawn = encode_all<qtl::f16>(data_.x);
    const auto rows =
        repeat_rows(std::as_bytes(std::span(drawn)).data(), data_.x.rows(), s().m, 2 * s().k);
    x_ = upload(rows, 1);
    const qtl::device_activation_layout layout{qtl::describe<A>(), s().m, s().k};
    const qtl::device_quantizer* quantizer =
        qtl::find_quantizer<qtl::gpu_backend>(layout.policy, qtl::value_encoding::as_f16);
    if (quantizer == nullptr) throw std::runtime_error("no kernel quantizes its activations");
    for (int i = 0; i < sets_; ++i) {
      codes_.push_back(qtl::value_or_throw(device_bytes::make(layout.size())));
      activations_.push_back(
          layout.operand(codes_.back().data(), qtl::reader_of<typename A::format>()));
      qtl::quantize_args args;
      args.policy = layout.policy;
      args.x = {x_[0].data(), s().m, s().k, s().k, qtl::value_encoding::as_f16};
      args.to = activations_.back();
      const qtl::qparams<A> fixed = activation_params<A>();
      args.fixed = {fixed.scale, fixed.zero_point(), fixed.shift()};
      args.device = &device_;
      args.stream = main_stream();
      qtl::throw_if_failed(quantizer->run(args));
    }
  }

  const product_data<Preset>& data_;
  const qtl::gemm_kernel& kernel_;
  qtl::device_facts device_;
  qtl::weight_operand weight_;
  std::int64_t scales_at_ = 0, offsets_at_ = 0;
  std::int64_t input_bytes_ = 0;
  int sets_ = 2;
  std::vector<device_bytes> weights_, x_, codes_, bias_, outputs_;
  std::vector<qtl::activation_operand> activations_;
  device_bytes workspace_;
};

/// All kernels that compute the preset.
template<class Preset>
std::vector<made> products_of(const shape& s) {
  static std::unique_ptr<product_data<Preset>> data;  // contestants look into it while they live
  const qtl::device_facts device = qtl::value_or_throw(qtl::gpu_backend::facts());
  data = std::make_unique<product_data<Preset>>(s);
  std::vector<made> all;
  for (const qtl::gemm_kernel& kernel : qtl::gpu_backend::kernels()) {
    if (!kernel.supports(data->key())) continue;
    made m{"qtl " + std::string(kernel.name.view()), nullptr, {}};
    try {
      m.who = std::make_unique<qtl_product<Preset>>(*data, kernel, device);
    } catch (const std::exception& e) {
      m.refusal = e.what();
    }
    all.push_back(std::move(m));
  }
  if (all.empty())
    all.push_back({"qtl", nullptr,
                   "no kernel of this device multiplies " + std::string(Preset::name.view())});
  return all;
}

}  // namespace qtl_bench
