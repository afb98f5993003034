// SPDX-License-Identifier: Apache-2.0
// bench/cpu/qtl_contestants.hpp - our own layers and kernels as contestants.
// Holds: qtl_layer, qtl_kernel, level_contestants. Each family instantiates its policies in a file of its own.
#pragma once

#include <cmath>
#include <stdexcept>
#include <utility>

#include "qtl/gemm/reference.hpp"
#include "qtl/nn/qlinear.hpp"
#include "qtl/ops/choose_qparams.hpp"
#include "qtl/policy/presets.hpp"

#include "contestants.hpp"
#include "verification.hpp"

namespace qtl_bench {

/// The limit of a kernel's arithmetic.
inline peak_kind peak_of(const qtl::gemm_key& key, std::string_view kernel) {
  if (key.accumulator != qtl::accumulation::real) return peak_kind::int8;
  return kernel.starts_with("bf16_") ? peak_kind::bf16 : peak_kind::f32;
}

/// Integer products equal the reference; others are as close as their kernels state.
inline std::string find_wrong_element(const qtl::gemm_args& g, const qtl::matrix<float>& y) {
  return find_wrong_output(y.view(), [&](std::int64_t i, std::int64_t j) {
    const auto expected = static_cast<double>(qtl::reference::element(g, i, j));
    if (g.key.accumulator != qtl::accumulation::real) return expectation{expected, 0};
    double magnitude = 0;
    for (std::int64_t p = 0; p < g.k(); ++p)
      magnitude += std::fabs(static_cast<double>(qtl::reference::activation_real(g.x, i, p)) *
                             static_cast<double>(qtl::reference::weight_real(g.w, j, p)));
    return expectation{expected, static_cast<double>(g.k() + 2) * std::ldexp(magnitude, -23)};
  });
}

inline void require_packing(const qtl::gemm_kernel& kernel) {
  if (kernel.packed_size == nullptr)
    throw std::runtime_error(std::string(kernel.name.c_str()) +
                             " packs no weights: there is nothing to rotate or to compare");
}

/// Activations quantized by a kernel, or by the plain functions of ops/, which no kernel had a hand
/// in.
template<class A>
class prepared_activations {
 public:
  explicit prepared_activations(const problem& p, const qtl::gemm_kernel* kernel = nullptr,
                                const qtl::gemm_key& key = {})
      : params_(qtl::choose_qparams<A>(qtl::scan_range(p.x.view()).range())),
        memory_(qtl::value_or_throw(qtl::buffer<std::byte>::make(
            qtl::activation_layout<A>{p.x.rows(), p.x.cols()}.size()))),
        operand_(
            qtl::prepare_activations<A>(p.x.view(), params_, memory_.data(), {}, kernel, key)) {}

  const qtl::qparams<A>& params() const { return params_; }
  const qtl::activation_operand& operand() const { return operand_; }

 private:
  qtl::qparams<A> params_;
  qtl::buffer<std::byte> memory_;
  qtl::activation_operand operand_;
};

/// QLinear::run: f32 in, f32 out.
template<class Pair, class Backend = qtl::cpu_backend>
class qtl_layer final : public contestant {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  using layer_type = qtl::QLinear<W, A, Backend>;

 public:
  qtl_layer(std::string name, const problem& p)
      : name_(std::move(name)), problem_(p), weight_(qtl::quantize<W>(p.w)), activations_(p),
        y_(qtl::value_or_throw(qtl::matrix<float>::make(p.x.rows(), p.w.rows()))) {
    add_layer();
    const qtl::gemm_kernel& kernel = *qtl::find_kernel<Backend>(key());
    require_packing(kernel);
    weight_bytes_ = kernel.packed_size(key(), qtl::erase(weight_.view()));
    while (std::ssize(layers_) < p.copies(weight_bytes_)) add_layer();
    workspace_ = qtl::value_or_throw(
        qtl::buffer<std::byte>::make(layers_[0].workspace_size(p.x.rows(), p.executor.threads())));
  }

  contestant_info info() const override {
    return {name_, layers_[0].kernel_name(), peak_of(key(), layers_[0].kernel_name()), false,
            weight_bytes_};
  }
  void run(std::int64_t turn) override {
    const layer_type& layer = layers_[static_cast<std::size_t>(turn) % layers_.size()];
    qtl::throw_if_failed(
        layer.run(problem_.x.view(), y_.view(), {workspace_.span(), problem_.executor, nullptr}));
  }
  std::string find_error() const override {
    qtl::gemm_args args;
    args.key = key();
    args.x = activations_.operand();
    args.w = qtl::erase(weight_.view());
    return find_wrong_element(args, y_);
  }

 private:
  qtl::gemm_key key() const { return layers_[0].key(); }
  // Layers share the codes; each packs its own copy, which is what its kernel reads.
  void add_layer() {
    layers_.push_back(
        qtl::value_or_throw(layer_type::make_view(weight_.view(), {}, activations_.params())));
  }

  std::string name_;
  problem problem_;
  qtl::QTensor<W> weight_;
  prepared_activations<A> activations_;
  qtl::matrix<float> y_;
  std::vector<layer_type> layers_;
  std::int64_t weight_bytes_ = 0;
  qtl::buffer<std::byte> workspace_;
};

/// gemm_kernel::run: activations are quantized beforehand, as the kernel does it.
template<class Pair>
class qtl_kernel final : public contestant {
  using W = typename Pair::weight;
  using A = typename Pair::activation;

 public:
  qtl_kernel(std::string name, const qtl::gemm_kernel& kernel, const problem& p)
      : name_(std::move(name)), kernel_(kernel), weight_(qtl::quantize<W>(p.w)),
        activations_(p, &kernel, key(p.x.cols())), expected_(p),
        y_(qtl::value_or_throw(qtl::matrix<float>::make(p.x.rows(), p.w.rows()))) {
    require_packing(kernel);
    args_.key = key(p.x.cols());
    args_.x = activations_.operand();
    args_.w = qtl::erase(weight_.view());
    args_.y = {y_.data(), y_.cols(), 1, qtl::output_kind::as_f32, {}};
    args_.executor = p.executor;
    const shape s = p.extents();
    workspace_ = qtl::value_or_throw(qtl::buffer<std::byte>::make(
        kernel.workspace_size(args_.key, {s.m, s.n, s.k, p.executor.threads()})));
    args_.workspace = workspace_.span();
    weight_bytes_ = kernel.packed_size(args_.key, args_.w);
    auto packed = qtl::value_or_throw(qtl::buffer<std::byte>::make(weight_bytes_));
    kernel.pack(args_.key, args_.w, packed.data());
    weights_ = rotation(packed.data(), weight_bytes_, p.copies(weight_bytes_));
  }

  static qtl::gemm_key key(std::int64_t k) {
    return qtl::make_gemm_key(qtl::describe_linear<W, A>(), qtl::output_kind::as_f32, k);
  }
  contestant_info info() const override {
    return {name_, kernel_.name.c_str(), peak_of(args_.key, kernel_.name.view()), false,
            weight_bytes_};
  }
  void run(std::int64_t turn) override {
    args_.packed = weights_.at(turn);
    kernel_.run(args_);
  }
  std::string find_error() const override {
    qtl::gemm_args args = args_;
    args.x = expected_.operand();
    return find_wrong_element(args, y_);
  }

 private:
  std::string name_;
  qtl::gemm_kernel kernel_;
  qtl::QTensor<W> weight_;
  prepared_activations<A> activations_;
  prepared_activations<A> expected_;
  qtl::matrix<float> y_;
  qtl::gemm_args args_;
  qtl::buffer<std::byte> workspace_;
  std::int64_t weight_bytes_ = 0;
  rotation weights_;
};

/// The layer on a backend.
template<class Pair, class Backend = qtl::cpu_backend>
make_contestant layer_of(const std::string& name) {
  return [name](const problem& p) { return std::make_unique<qtl_layer<Pair, Backend>>(name, p); };
}

/// The kernel of one level, by itself.
template<class Pair>
make_contestant kernel_of(const std::string& name, qtl::isa_level level) {
  return [name, level](const problem& p) {
    const qtl::gemm_key key = qtl_kernel<Pair>::key(p.x.cols());
    for (const qtl::gemm_kernel& kernel : qtl::cpu_kernels::at(level))
      if (kernel.supports(key)) return std::make_unique<qtl_kernel<Pair>>(name, kernel, p);
    throw std::runtime_error("no kernel on " + std::string(qtl::to_string(level)));
  };
}

/// The levels of this machine that kernels of integer products were written for, the best first.
inline std::vector<qtl::isa_level> available_levels() {
  std::vector<qtl::isa_level> levels;
  for (const qtl::isa_level level : {qtl::isa_level::avx512_vnni, qtl::isa_level::avx512,
                                     qtl::isa_level::avx_vnni, qtl::isa_level::avx2})
    if (qtl::is_available(level)) levels.push_back(level);
  return levels;
}

}  // namespace qtl_bench
