// SPDX-License-Identifier: Apache-2.0
// examples/methods/compare_methods.hpp - every quantization method against plain rounding, on real
// layers with their real inputs.
// Holds: sampled_layer, outcome, compare_methods<P>, standing, standing_of. Not here: where layers come from, what is printed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "qtl/methods.hpp"

namespace methods {

/// A layer with the samples that methods may see, and others that they never see.
struct sampled_layer {
  std::string name;
  qtl::matrix_view<const float> weight;
  qtl::matrix_view<const float> calibration;
  qtl::matrix_view<const float> held_out;
  std::span<const float> norm = {};  ///< gamma of the norm that makes its inputs; none: no norm
};

/// What one method made of one layer: relative output errors, and plain rounding's.
struct outcome {
  std::string method;
  std::string layer;
  double calibration = 0;
  double held_out = 0;
  double plain_calibration = 0;
  double plain_held_out = 0;
  double seconds = 0;
  double bits = 0;  ///< per weight, as stored
  std::int64_t weights = 0;
  bool saves_bits = false;  ///< it stores less than plain rounding, and promises no less error
  std::string note;
};

/// The method as it serves this layer.
template<class M>
const M& for_layer(const M& method, const sampled_layer&) {
  return method;
}
template<class A>
qtl::outlier_suppression<A> for_layer(qtl::outlier_suppression<A> method,
                                      const sampled_layer& layer) {
  method.gamma = layer.norm;
  return method;
}

/// ||A(x') W'^T + bias_delta - x W^T|| / ||x W^T||, where activations are quantized too.
template<class A, class P>
double error_with_activations(const qtl::layer_samples& layer, const qtl::method_result<P>& made) {
  const qtl::eigen_matrix x = qtl::to_eigen(layer.inputs);
  const qtl::eigen_matrix y = x * qtl::to_eigen(layer.weight).transpose();
  const qtl::eigen_matrix quantized =
      qtl::fake_quantize<A>(qtl::changed_inputs(made, layer.inputs));
  const qtl::eigen_matrix weight = qtl::dequantize(made.weight);
  qtl::eigen_matrix error = quantized * weight.transpose() - y;
  if (!made.bias_delta.empty())
    error.rowwise() += Eigen::Map<const Eigen::RowVectorXf>(made.bias_delta.data(), error.cols());
  return qtl::relative_root(error.cast<double>().squaredNorm(), y.cast<double>().squaredNorm());
}

/// Compares on one layer. A: how activations are quantized in both results; qtl::a32: not at all.
template<class P, class A, class M>
outcome compare_on(const sampled_layer& layer, const M& method, const std::string& name,
                   const qtl::executor_ref& executor) {
  const auto error = [&](const qtl::method_result<P>& made, qtl::matrix_view<const float> inputs) {
    if constexpr (std::same_as<A, qtl::a32>)
      return qtl::value_or_throw(qtl::output_error({layer.weight, inputs}, made, executor));
    else
      return error_with_activations<A>({layer.weight, inputs}, made);
  };
  const qtl::layer_samples samples{layer.weight, layer.calibration};
  const auto plain = qtl::value_or_throw(qtl::rtn{.executor = executor}.apply<P>(samples));
  const auto start = std::chrono::steady_clock::now();
  const auto made = qtl::value_or_throw(for_layer(method, layer).template apply<P>(samples));
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return {name,
          layer.name,
          error(made, layer.calibration),
          error(made, layer.held_out),
          error(plain, layer.calibration),
          error(plain, layer.held_out),
          time.count(),
          made.bits_per_weight(),
          layer.weight.rows * layer.weight.cols,
          made.stored_bytes > 0,
          made.note.c_str()};
}

/// Calls f.operator()<A>(name, method) for every method, with its defaults or what its name says.
template<class F>
void for_each_method(const qtl::executor_ref& executor, F&& f) {
  using qtl::a32;
  const qtl::gptq ordered{.act_order = true, .static_groups = true, .executor = executor};
  f.template operator()<a32>("rtn", qtl::rtn{.executor = executor});
  f.template operator()<a32>("rtn, clip search",
                             qtl::rtn{.clip_search = true, .executor = executor});
  f.template operator()<a32>("hqq", qtl::hqq{.executor = executor});
  f.template operator()<a32>("gptq", qtl::gptq{.executor = executor});
  f.template operator()<a32>("gptq, act order", ordered);
  f.template operator()<a32>("awq", qtl::awq{.executor = executor});
  f.template operator()<a32>("adaround", qtl::adaround{.executor = executor});
  f.template operator()<a32>("autoround", qtl::autoround{.executor = executor});
  f.template operator()<a32>("smoothquant", qtl::smoothquant<a32>{.automatic = true});
  f.template operator()<qtl::token_s8>("smoothquant, s8 tokens",
                                       qtl::smoothquant<>{.automatic = true});
  using tensor_s8 = qtl::policy<qtl::s8, qtl::symmetric, qtl::per_tensor, qtl::dynamic>;
  f.template operator()<qtl::token_s8>("outlier suppression, s8 tokens",
                                       qtl::outlier_suppression<>{});
  f.template operator()<tensor_s8>("spiq, s8 inputs", qtl::spiq<tensor_s8>{});
  f.template operator()<a32>("rtn, double quantization", qtl::quantized_scales<qtl::rtn>{});
  f.template operator()<a32>("bias correction", qtl::corrected<qtl::rtn>{});
  f.template operator()<a32>("rotation", qtl::rotated<qtl::rtn>{});
  f.template operator()<a32>("rotation, gptq", qtl::rotated<qtl::gptq>{.method = ordered});
}

/// Every method whose name contains `only` on every layer, under weight policy P; see(outcome) is
/// called for each.
template<class P, class See>
void compare_methods(std::span<const sampled_layer> layers, const std::string& only,
                     const qtl::executor_ref& executor, See&& see) {
  for_each_method(executor, [&]<class A>(const std::string& name, const auto& method) {
    if (name.find(only) == std::string::npos) return;
    for (const sampled_layer& layer : layers) see(compare_on<P, A>(layer, method, name, executor));
  });
}

/// A method over some layers.
struct standing {
  double error = 0;  ///< geometric mean of its relative output errors
  double ratio = 0;  ///< geometric mean of these over plain rounding's
  double worst = 0;  ///< the largest of these ratios
  int losses = 0;    ///< layers with more error than plain rounding
};

/// How `ours` stand against `plain`; both are members of outcome.
inline standing standing_of(std::span<const outcome> outcomes, double outcome::* ours,
                            double outcome::* plain) {
  standing s;
  for (const outcome& o : outcomes) {
    const double ratio = o.*ours / o.*plain;
    s.error += std::log(o.*ours) / static_cast<double>(outcomes.size());
    s.ratio += std::log(ratio) / static_cast<double>(outcomes.size());
    s.worst = std::max(s.worst, ratio);
    if (ratio > 1.0 + 1e-6) ++s.losses;
  }
  s.error = std::exp(s.error);
  s.ratio = std::exp(s.ratio);
  return s;
}

}  // namespace methods
