// SPDX-License-Identifier: Apache-2.0
// tests/nn/layer_cases.hpp - layers of many policy pairs behind one interface, so that tests are
// compiled once.
// Holds: layer_case, layer_cases(), add_layers<...>(). The *_layers_test.cpp files fill the list.
#pragma once

#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "qtl/nn/any_linear.hpp"

#include "nn/checked_backend.hpp"
#include "ops/policy_cases.hpp"
#include "ops/test_matrix.hpp"

namespace qtl_test {

/// A pair of policies with makers of its layers: weights n x k, a bias of n values or none, the
/// range of static activations.
struct layer_case {
  using maker = qtl::any_linear (*)(qtl::matrix_view<const float> weights,
                                    std::span<const float> bias, qtl::value_range x);

  std::string name;
  qtl::linear_desc desc;
  bool is_preset = false;
  maker make = nullptr;          ///< on cpu_backend where it is a preset, else as make_checked
  maker make_checked = nullptr;  ///< on checked_backend
};

inline std::vector<layer_case>& layer_cases() {
  static std::vector<layer_case> cases;
  return cases;
}

template<class W, class A, class Backend>
qtl::any_linear make_layer(qtl::matrix_view<const float> weights, std::span<const float> bias,
                           qtl::value_range x) {
  auto layer =
      qtl::QLinear<W, A, Backend>::make(qtl::quantize<W>(weights), bias, qtl::choose_qparams<A>(x));
  return qtl::value_or_throw(qtl::any_linear::make(qtl::value_or_throw(std::move(layer))));
}

/// Adds layers of each policy_pair. The value is for an initialiser.
template<bool ArePresets, class... Pairs>
bool add_layers(qtl::type_list<Pairs...>) {
  const auto add = []<class Pair>() {
    using W = typename Pair::weight;
    using A = typename Pair::activation;
    using plain = std::conditional_t<ArePresets, qtl::cpu_backend,
                                     checked_backend>;  // half the code for the others
    layer_cases().push_back({Pair::name.c_str(), qtl::describe_linear<W, A>(), ArePresets,
                             &make_layer<W, A, plain>, &make_layer<W, A, checked_backend>});
  };
  (add.template operator()<Pairs>(), ...);
  return true;
}

/// The range of x, as an observer would have seen it.
inline qtl::value_range range_of(qtl::matrix_view<const float> x) {
  return qtl::scan_range(x).range();
}

/// layer(x) into fresh memory.
inline qtl::matrix<float> apply(const qtl::any_linear& layer, qtl::matrix_view<const float> x) {
  return qtl::value_or_throw(layer.try_apply(x));
}

}  // namespace qtl_test
