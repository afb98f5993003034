// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/policy_part.hpp - everything the demo does with a policy that is known at
// compile time. Included by policies_0.cpp ... policies_3.cpp and device_layers.cpp only.
#pragma once

#include <utility>

#include "qtl/io/qtensor_safetensors.hpp"

#include "policies.hpp"

namespace fashion {

template<class W, class A, class B = qtl::cpu_backend>
qtl::any_linear make_layer(qtl::QTensor<W> weight, std::span<const float> bias,
                           qtl::value_range inputs) {
  auto layer = qtl::value_or_throw(
      qtl::QLinear<W, A, B>::make(std::move(weight), bias, qtl::choose_qparams<A>(inputs)));
  return qtl::value_or_throw(qtl::any_linear::make(std::move(layer)));
}

/// The layer's bias, moved by what the method found.
template<class W>
matrix corrected_bias(const float_layer& layer, const qtl::method_result<W>& weight) {
  matrix bias = layer.bias;
  if (bias.size() == 0) bias = matrix::Zero(1, layer.out_features());
  for (std::size_t i = 0; i < weight.bias_delta.size(); ++i)
    bias(0, static_cast<Eigen::Index>(i)) += weight.bias_delta[i];
  return bias;
}

template<class W, class A>
quantized_layer quantize_layer(const float_layer& layer,
                               const quantizers::quantized_weight& quantized, const matrix& inputs,
                               qtl::io::safetensors_writer& out) {
  const qtl::method_result<W>& result = quantized.as<W>();
  quantized_layer made{input_change(result), {}};
  qtl::minmax_observer observer;
  qtl::throw_if_failed(observer.observe(made.change.apply(inputs)));
  const qtl::value_range range = observer.range();
  const matrix bias = corrected_bias(layer, result);

  out.add(layer.name + ".weight", result.weight);
  out.add(layer.name + ".bias", bias);
  made.change.save(out, layer.name);
  if (qtl::QLinear<W, A>::needs_calibration)
    out.add(layer.name + ".input_range", Eigen::RowVector2f(range.min, range.max));
  made.linear =
      make_layer<W, A>(result.weight, {bias.data(), static_cast<std::size_t>(bias.size())}, range);
  return made;
}

template<class W, class A, class B = qtl::cpu_backend>
quantized_layer load_layer(const qtl::io::safetensors_file& in, const std::string& name) {
  qtl::value_range inputs;
  if (qtl::QLinear<W, A>::needs_calibration) {
    const auto range = in.matrix(name + ".input_range");
    inputs = {range(0, 0), range(0, 1)};
  }
  const auto bias = in.matrix(name + ".bias");
  return {input_change(in, name),
          make_layer<W, A, B>(in.get<W>(name + ".weight"),
                              {bias.data(), static_cast<std::size_t>(bias.cols())}, inputs)};
}

template<class Pair>
policy_entry make_entry() {
  using W = typename Pair::weight;
  using A = typename Pair::activation;
  return {Pair::name.view(), qtl::describe_linear<W, A>(), quantize_layer<W, A>, load_layer<W, A>};
}

template<std::size_t Part, class... Pairs, std::size_t... I>
void fill_part(std::span<policy_entry> table, qtl::type_list<Pairs...>, std::index_sequence<I...>) {
  const auto fill_one = [&]<class Pair, std::size_t Index>() {
    if constexpr (Index % policy_parts == Part) table[Index] = make_entry<Pair>();
  };
  (fill_one.template operator()<Pairs, I>(), ...);
}

template<std::size_t Part>
void fill_policies(std::span<policy_entry> table) {
  fill_part<Part>(table, qtl::shipped_presets{},
                  std::make_index_sequence<qtl::shipped_presets::size>{});
}

}  // namespace fashion
