// SPDX-License-Identifier: Apache-2.0
// examples/quantizers/group.hpp - every method compiled for one policy. Included by the group_*.cpp
// only.
// Holds: add<Name, P>. To add a policy: a line add<"name", P>(table) in a group whose file compiles in seconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "qtl/ops/compare.hpp"

#include "groups.hpp"
#include "method_list.hpp"

namespace quantizers {

/// The weight that the float layer would need to do what the quantized one does: scale, order and
/// rotation of the inputs, moved back.
template<qtl::QuantPolicy P>
qtl::result<qtl::eigen_matrix> effective_weight(const qtl::method_result<P>& r) {
  const auto reals = qtl::try_dequantize<P>(r.weight.view());
  if (!reals.ok()) return reals.why();
  qtl::eigen_matrix w = qtl::to_eigen(reals->view());
  if (!r.input_order.empty()) {
    const qtl::eigen_matrix ordered = w;
    for (Eigen::Index j = 0; j < w.cols(); ++j)
      w.col(static_cast<Eigen::Index>(r.input_order[static_cast<std::size_t>(j)])) = ordered.col(j);
  }
  for (Eigen::Index j = 0; j < w.cols() && !r.input_scale.empty(); ++j)
    w.col(j) /= r.input_scale[static_cast<std::size_t>(j)];
  if (r.rotation != 0) qtl::hadamard_rotation{r.rotation, r.rotation_seed}.undo(w);
  return w;
}

/// Runs method I of the list.
template<qtl::QuantPolicy P, std::size_t I>
qtl::result<quantized_weight> run(const qtl::layer_samples& layer) {
  const auto start = std::chrono::steady_clock::now();
  auto made = std::get<I>(method_list).method.template apply<P>(layer);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  if (!made.ok()) return made.why();
  const auto effective = effective_weight(*made);
  if (!effective.ok()) return effective.why();
  quantized_weight out;
  out.desc = qtl::describe<P>();
  out.bits_per_weight = made->bits_per_weight();
  out.bytes = made->bytes();
  const qtl::comparison error = qtl::compare(layer.weight, *effective);
  out.sqnr_db = error.sqnr_db;
  out.max_abs = error.max_abs;
  out.seconds = spent.count();
  out.note = made->note.view();
  out.hidden = std::make_shared<const qtl::method_result<P>>(*std::move(made));
  return out;
}

template<qtl::QuantPolicy P>
qtl::result<double> output_error_of(const quantized_weight& made, const qtl::layer_samples& layer) {
  return qtl::output_error(layer, made.as<P>());
}

/// What a code stands for when a scale is 1 and nothing is shifted.
template<qtl::QuantPolicy P>
float point_of(qtl::code_type<typename P::format> code) {
  if constexpr (qtl::is_integer_format<typename P::format>)
    return static_cast<float>(code);
  else
    return P::format::decode(code);
}

/// The points of all codes that the policy uses, ascending, each once.
template<qtl::QuantPolicy P>
std::vector<float> all_points() {
  using F = typename P::format;
  int first = 0;
  int last = (1 << F::bits) - 1;
  if constexpr (qtl::is_integer_format<F>) {
    first = P::scheme::template bounds<F>().qmin;
    last = P::scheme::template bounds<F>().qmax;
  }
  std::vector<float> points;
  for (int code = first; code <= last; ++code) {
    const float point = point_of<P>(static_cast<qtl::code_type<F>>(code));
    if (std::isfinite(point)) points.push_back(point + 0.0f);  // -0 is 0
  }
  std::ranges::sort(points);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

template<qtl::QuantPolicy P>
qtl::result<code_usage> usage_of(qtl::matrix_view<const float> weight) {
  const auto q = qtl::try_quantize<P>(weight);
  if (!q.ok()) return q.why();
  code_usage out;
  out.points = all_points<P>();
  out.counts.resize(out.points.size());
  for (std::int64_t i = 0; i < weight.rows; ++i)
    for (std::int64_t j = 0; j < weight.cols; ++j) {
      const qtl::qparams<P> p = q->view().params_at(i, j);
      const float steps = qtl::quotient<P>(weight(i, j), p);
      out.elements.push_back(steps + static_cast<float>(p.zero_point()));
      const auto at = std::ranges::lower_bound(out.points, point_of<P>(q->code(i, j)));
      ++out.counts[static_cast<std::size_t>(at - out.points.begin())];
    }
  return out;
}

/// Appends policy P, with every method of the list, under `Name`.
template<qtl::fixed_text Name, qtl::QuantPolicy P>
void add(std::vector<weight_policy>& table) {
  static constexpr auto name = Name;
  weight_policy entry;
  entry.name = name.view();
  entry.desc = qtl::describe<P>();
  entry.output_error = output_error_of<P>;
  entry.usage = usage_of<P>;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    entry.methods = {run<P, I>...};
  }(std::make_index_sequence<std::tuple_size_v<decltype(method_list)>>{});
  table.push_back(std::move(entry));
}

}  // namespace quantizers
