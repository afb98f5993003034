// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/policy_part.hpp - everything the demo does with a policy that is known at
// compile time. Included by policies_0.cpp ... policies_3.cpp only.
#pragma once

#include <utility>

#include "qtl/io/qtensor_safetensors.hpp"

#include "policies.hpp"

namespace fashion {

template<class W, class A>
qtl::any_linear make_layer(qtl::QTensor<W> weight, std::span<const float> bias,
                           qtl::value_range inputs) {
  auto layer = qtl::value_or_throw(
      qtl::QLinear<W, A>::make(std::move(weight), bias, qtl::choose_qparams<A>(inputs)));
  return qtl::value_or_throw(qtl::any_linear::make(std::move(layer)));
}

template<class W, class A>
quantized_layer quantize_layer(const float_layer& layer, qtl::value_range inputs,
                               qtl::io::safetensors_writer& out) {
  qtl::QTensor<W> weight = qtl::quantize<W>(layer.weight);
  out.add(layer.name + ".weight", weight);
  if (layer.bias.size() != 0) out.add(layer.name + ".bias", layer.bias);
  if (qtl::QLinear<W, A>::needs_calibration)
    out.add(layer.name + ".input_range", Eigen::RowVector2f(inputs.min, inputs.max));

  quantized_layer made;
  made.weight_error = qtl::compare(layer.weight, qtl::dequantize(weight));
  made.bytes = weight.bytes();
  const auto n = static_cast<std::size_t>(layer.bias.size());
  made.linear = make_layer<W, A>(std::move(weight), {layer.bias.data(), n}, inputs);
  return made;
}

template<class W, class A>
qtl::any_linear load_layer(const qtl::io::safetensors_file& in, const std::string& name) {
  qtl::value_range inputs;
  if (qtl::QLinear<W, A>::needs_calibration) {
    const auto range = in.matrix(name + ".input_range");
    inputs = {range(0, 0), range(0, 1)};
  }
  const auto bias = in.matrix(name + ".bias");
  return make_layer<W, A>(in.get<W>(name + ".weight"),
                          {bias.data(), static_cast<std::size_t>(bias.cols())}, inputs);
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
