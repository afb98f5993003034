// SPDX-License-Identifier: Apache-2.0
// bench/gpu/qtl_quantize.cpp - every kernel of gpu_backend that quantizes tokens, and the copy
// beside it.
#include "qtl/qtl.hpp"

#include "contestants.hpp"
#include "data.hpp"

namespace qtl_bench {

namespace {

/// Quantizes m tokens of k bf16.
template<class A>
class qtl_quantizer : public contestant {
 public:
  qtl_quantizer(const shape& s, const qtl::device_quantizer& kernel,
                const qtl::device_facts& device)
      : s_(s), kernel_(kernel), device_(device), drawn_(period(s.m, token_period), s.k) {
    const qtl::matrix<float>& x = drawn_.x;
    const std::vector<std::uint16_t> codes = encode_all<qtl::bf16>(x);
    const auto rows = repeat_rows(std::as_bytes(std::span(codes)).data(), x.rows(), s.m, 2 * s.k);
    sets_ = set_count(static_cast<std::int64_t>(rows.size()), device);
    inputs_ = upload(rows, sets_);
    for (int i = 0; i < sets_; ++i) outputs_.push_back(poisoned(layout().size()));
  }

  contestant_info info() const override {
    contestant_info i;
    i.name = "qtl " + std::string(kernel_.name.view());
    i.is_peer = false;
    i.bytes = static_cast<double>(2 * s_.m * s_.k + layout().size());
    return i;
  }
  int sets() const override { return sets_; }

  void enqueue(int turn) override {
    const auto at = static_cast<std::size_t>(turn % sets_);
    qtl::quantize_args args;
    args.policy = qtl::describe<A>();
    args.x = {inputs_[at].data(), s_.m, s_.k, s_.k, qtl::value_encoding::as_bf16};
    args.to = operand(at);
    args.device = &device_;
    args.stream = main_stream();
    qtl::throw_if_failed(kernel_.run(args));
  }

  void poison() override { poison_again(outputs_[0]); }

  // Codes and scales are specified to the bit.
  std::string find_error() override {
    std::vector<std::byte> got(static_cast<std::size_t>(outputs_[0].size()));
    qtl::throw_if_failed(outputs_[0].download(got, main_stream()));
    const qtl::activation_operand o =
        layout().operand(got.data(), qtl::reader_of<typename A::format>());
    for (std::int64_t i = 0; i < s_.m; ++i) {
      const std::int64_t row = i % drawn_.x.rows();
      if (o.scales[i] != drawn_.operand.scales[row])
        return "scale " + std::to_string(i) + " is " + std::to_string(o.scales[i]) + ", expected " +
               std::to_string(drawn_.operand.scales[row]);
      if (o.zero_points != nullptr && o.zero_points[i] != drawn_.operand.zero_points[row])
        return "zero point " + std::to_string(i) + " is " + std::to_string(o.zero_points[i]) +
               ", expected " + std::to_string(drawn_.operand.zero_points[row]);
      if (std::memcmp(o.row(i), drawn_.operand.row(row), static_cast<std::size_t>(s_.k)) != 0)
        return "the codes of token " + std::to_string(i) + " differ from the host's";
    }
    return {};
  }

 private:
  /// The drawn tokens, and what the host makes of them.
  struct drawn_tokens {
    qtl::matrix<float> x;
    qtl::buffer<std::byte> memory;
    qtl::activation_operand operand;

    drawn_tokens(std::int64_t m, std::int64_t k) : x(uniform_matrix(m, k, 4)) {
      round_all<qtl::bf16>(x);
      const qtl::activation_layout<A> layout{m, k};
      memory = qtl::value_or_throw(qtl::buffer<std::byte>::make(layout.size()));
      operand = qtl::prepare_activations<A>(x.view(), {}, memory.data(), {});
    }
  };

  qtl::device_activation_layout layout() const { return {qtl::describe<A>(), s_.m, s_.k}; }
  qtl::activation_operand operand(std::size_t at) {
    return layout().operand(outputs_[at].data(), qtl::reader_of<typename A::format>());
  }

  shape s_;
  const qtl::device_quantizer& kernel_;
  qtl::device_facts device_;
  drawn_tokens drawn_;
  int sets_ = 2;
  std::vector<device_bytes> inputs_, outputs_;
};

/// All kernels that quantize so.
template<class A>
std::vector<made> quantizers_of(const shape& s) {
  const qtl::device_facts device = qtl::value_or_throw(qtl::gpu_backend::facts());
  std::vector<made> all;
  for (const qtl::device_quantizer& kernel : qtl::gpu_backend::quantizers()) {
    if (!kernel.supports(qtl::describe<A>(), qtl::value_encoding::as_bf16)) continue;
    made m{"qtl " + std::string(kernel.name.view()), nullptr, {}};
    try {
      m.who = std::make_unique<qtl_quantizer<A>>(s, kernel, device);
    } catch (const std::exception& e) {
      m.refusal = e.what();
    }
    all.push_back(std::move(m));
  }
  if (all.empty()) all.push_back({"qtl", nullptr, "no kernel of this device quantizes so"});
  return all;
}

/// Reads and writes as many bytes in all as a quantizer: half of its sum each.
class plain_copy : public contestant {
 public:
  plain_copy(std::int64_t moved, const qtl::device_facts& device) : bytes_(moved / 2) {
    sets_ = set_count(bytes_, device);
    const std::vector<std::byte> zeros(static_cast<std::size_t>(bytes_));
    inputs_ = upload(zeros, sets_);
    outputs_ = upload(zeros, sets_);
  }
  contestant_info info() const override {
    return {"copy", "cudaMemcpyAsync", true, 2.0 * static_cast<double>(bytes_)};
  }
  int sets() const override { return sets_; }
  void enqueue(int turn) override {
    const auto at = static_cast<std::size_t>(turn % sets_);
    copy_on_device(outputs_[at].data(), inputs_[at].data(), bytes_);
  }
  void poison() override {}
  std::string find_error() override { return {}; }

 private:
  std::int64_t bytes_;
  int sets_ = 2;
  std::vector<device_bytes> inputs_, outputs_;
};

std::vector<made> copy_of(std::int64_t moved) {
  std::vector<made> all(1);
  all[0].name = "copy";
  all[0].who = std::make_unique<plain_copy>(moved, qtl::value_or_throw(qtl::gpu_backend::facts()));
  return all;
}

}  // namespace

std::vector<made> s8_quantizers(const shape& s) { return quantizers_of<qtl::w8a8::activation>(s); }
std::vector<made> u8_quantizers(const shape& s) {
  return quantizers_of<qtl::w8a8_affine::activation>(s);
}
std::vector<made> e4m3_quantizers(const shape& s) { return quantizers_of<qtl::fp8::activation>(s); }

std::vector<made> copies(const shape& s) { return copy_of(3 * s.m * s.k); }
std::vector<made> wide_copies(const shape& s) { return copy_of(5 * s.m * s.k); }

}  // namespace qtl_bench
