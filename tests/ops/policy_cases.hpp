// SPDX-License-Identifier: Apache-2.0
// tests/ops/policy_cases.hpp - policies behind plain functions, so that a property is written, and
// compiled, once.
// Holds: policy_case, policy_cases(), add_policies<...>(). The *_cases_test.cpp files fill the list, each a few policies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "qtl/ops/fake_quantize.hpp"
#include "qtl/policy/descriptor.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl_test {

/// What one element is stored with.
struct element_params {
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  float shift = 0.0f;
  friend bool operator==(const element_params&, const element_params&) = default;
};

/// A quantized tensor, unpacked; element (i, j) is number i * cols + j.
struct tensor_image {
  std::vector<std::uint32_t> codes;  ///< raw bits
  std::vector<element_params> params;
  float tensor_scale = 1.0f;
  qtl::matrix<float> reals;
};

/// A policy P as plain functions.
struct policy_case {
  qtl::policy_desc desc;
  qtl::code_bounds bounds{};  ///< of integer formats
  tensor_image (*quantize)(qtl::matrix_view<const float> x) = nullptr;
  qtl::status (*refuse)(qtl::matrix_view<const float> x) = nullptr;  ///< what try_quantize says
  qtl::matrix<float> (*fake_quantize)(qtl::matrix_view<const float> x) = nullptr;
  std::uint32_t (*encode)(float x, const element_params& p) = nullptr;
  float (*decode)(std::uint32_t raw, const element_params& p) = nullptr;

  bool is_integer() const { return desc.kind == qtl::format_kind::integer; }
  bool rounds_to_nearest() const {
    return desc.mode == qtl::rounding_mode::nearest_even ||
           desc.mode == qtl::rounding_mode::nearest_away;
  }
  bool is_stochastic() const { return desc.mode == qtl::rounding_mode::stochastic; }
};

/// All that were added. Filled before main(), by the initialisers of the *_cases_test.cpp files.
inline std::vector<policy_case>& policy_cases() {
  static std::vector<policy_case> cases;
  return cases;
}

template<qtl::QuantPolicy P>
qtl::qparams<P> typed_params(const element_params& e) {
  qtl::qparams<P> p;
  p.scale = e.scale;
  if constexpr (P::scheme::zero_point == qtl::zero_point_kind::shift)
    p.offset = e.shift;
  else if constexpr (P::scheme::zero_point != qtl::zero_point_kind::none)
    p.offset = static_cast<qtl::offset_type<P>>(e.zero_point);
  return p;
}

template<qtl::QuantPolicy P>
tensor_image image_of(qtl::matrix_view<const float> x) {
  const qtl::QTensor<P> q = qtl::quantize<P>(x);
  tensor_image image;
  for (std::int64_t i = 0; i < q.rows(); ++i)
    for (std::int64_t j = 0; j < q.cols(); ++j) {
      const qtl::qparams<P> p = q.view().params_at(i, j);
      image.codes.push_back(qtl::to_bits<typename P::format>(q.code(i, j)));
      image.params.push_back({p.scale, p.zero_point(), p.shift()});
    }
  image.tensor_scale = q.tensor_scale();
  image.reals = qtl::dequantize(q);
  return image;
}

template<qtl::QuantPolicy P>
policy_case make_policy_case() {
  using F = typename P::format;
  policy_case c;
  c.desc = qtl::describe<P>();
  if constexpr (qtl::is_integer_format<F>) c.bounds = P::scheme::template bounds<F>();
  c.quantize = &image_of<P>;
  c.refuse = [](qtl::matrix_view<const float> x) { return qtl::try_quantize<P>(x).why(); };
  c.fake_quantize = [](qtl::matrix_view<const float> x) { return qtl::fake_quantize<P>(x); };
  c.encode = [](float x, const element_params& p) {
    return qtl::to_bits<F>(qtl::encode_element<P>(x, typed_params<P>(p), P::rounding_tag::mode));
  };
  c.decode = [](std::uint32_t raw, const element_params& p) {
    return qtl::decode_element<P>(qtl::from_bits<F>(raw), typed_params<P>(p));
  };
  return c;
}

/// Adds the policies that are not in the list yet. The value is for an initialiser.
template<class... P>
bool add_policies(qtl::type_list<P...>) {
  const auto add = [](const policy_case& c) {
    for (const policy_case& known : policy_cases())
      if (known.desc == c.desc) return;
    policy_cases().push_back(c);
  };
  (add(make_policy_case<P>()), ...);
  return true;
}

// Entries First, First + Step, ... of a list.
template<class List, std::size_t First, std::size_t Step>
struct every_nth;
template<class... T, std::size_t First, std::size_t Step>
struct every_nth<qtl::type_list<T...>, First, Step> {
  template<std::size_t... I>
  static auto pick(std::index_sequence<I...>)
      -> qtl::type_list<std::tuple_element_t<First + Step * I, std::tuple<T...>>...>;
  using type = decltype(pick(std::make_index_sequence<(sizeof...(T) - First + Step - 1) / Step>()));
};
/// Part `Part` of `Parts` of the shipped presets: tests deal them out over several translation
/// units.
template<std::size_t Part, std::size_t Parts>
using preset_part = typename every_nth<qtl::shipped_presets, Part, Parts>::type;

/// Adds both policies of every preset of a list.
template<class... Pairs>
bool add_presets(qtl::type_list<Pairs...>) {
  return (add_policies(qtl::type_list<typename Pairs::weight, typename Pairs::activation>{}) &&
          ...);
}

}  // namespace qtl_test
