// SPDX-License-Identifier: Apache-2.0
// bench/linear_bench.hpp - a QLinear of any preset as the benchmark sees it, and which file
// instantiates which preset.
// Holds: linear_subject, linear_family, register_family. Not here: shapes, checking and timing (linear_bench.cpp).
#pragma once

#include <memory>

#include "qtl/nn/qlinear.hpp"
#include "qtl/policy/presets.hpp"

#include "benchmarks.hpp"

namespace qtl_bench {

/// A layer whose policies only its own file knows.
class linear_subject {
 public:
  virtual ~linear_subject() = default;
  virtual const char* kernel_name() const = 0;
  /// Bytes of codes, scales and zero points.
  virtual std::int64_t weight_bytes() const = 0;
  virtual std::int64_t workspace_size(std::int64_t m) const = 0;
  virtual void run(qtl::matrix_view<const float> x, qtl::matrix_view<float> y,
                   std::span<std::byte> workspace) const = 0;
  /// The operands of the same product, for the reference; they live in `workspace`.
  virtual qtl::gemm_args operands(qtl::matrix_view<const float> x,
                                  std::span<std::byte> workspace) const = 0;
};

/// The layer of a preset. Both spans of bytes are 64-byte aligned.
template<class Pair>
class preset_subject final : public linear_subject {
  using A = typename Pair::activation;
  using layer_type = qtl::QLinear<typename Pair::weight, A>;

 public:
  preset_subject(qtl::matrix_view<const float> weight, qtl::matrix_view<const float> samples)
      : layer_(qtl::value_or_throw(
            layer_type::make(qtl::quantize<typename Pair::weight>(weight), {},
                             qtl::choose_qparams<A>(qtl::scan_range(samples).range())))) {}

  const char* kernel_name() const override { return layer_.kernel_name(); }
  std::int64_t weight_bytes() const override { return layer_.weight().layout.bytes(); }
  std::int64_t workspace_size(std::int64_t m) const override { return layer_.workspace_size(m); }
  void run(qtl::matrix_view<const float> x, qtl::matrix_view<float> y,
           std::span<std::byte> workspace) const override {
    qtl::throw_if_failed(layer_.run(x, y, {workspace, {}, nullptr}));
  }
  qtl::gemm_args operands(qtl::matrix_view<const float> x,
                          std::span<std::byte> workspace) const override {
    qtl::gemm_args args;
    args.key = layer_.key();
    args.x = qtl::prepare_activations<A>(x, layer_.activation_params(), workspace.data(), {});
    args.w = qtl::erase(layer_.weight());
    return args;
  }

 private:
  layer_type layer_;
};

using make_subject = std::unique_ptr<linear_subject> (*)(qtl::matrix_view<const float> weight,
                                                         qtl::matrix_view<const float> samples);

/// Registers linear/<preset>/<shape> for the shapes that `e` asks for.
void register_linear(const std::string& preset, make_subject make, extent e);

/// Presets that share a file, so that none takes long to compile.
enum class linear_family { integer, weight_only, fp8, microscaled };

constexpr linear_family family_of(const qtl::linear_desc& d) {
  if (d.activation.is_unscaled()) return linear_family::weight_only;
  if (d.weight.kind == qtl::format_kind::integer) return linear_family::integer;
  return d.weight.scale_format == "f32" ? linear_family::fp8 : linear_family::microscaled;
}

/// Registers the shipped presets of one family.
template<linear_family Family>
void register_family(extent e) {
  qtl::for_each_type(qtl::shipped_presets{}, [e]<class Pair>() {
    using W = typename Pair::weight;
    using A = typename Pair::activation;
    if constexpr (family_of(qtl::describe_linear<W, A>()) == Family) {
      const make_subject make = [](auto weight, auto samples) -> std::unique_ptr<linear_subject> {
        return std::make_unique<preset_subject<Pair>>(weight, samples);
      };
      register_linear(Pair::name.c_str(), make, e);
    }
  });
}

}  // namespace qtl_bench
