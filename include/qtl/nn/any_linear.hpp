// SPDX-License-Identifier: Apache-2.0
// qtl/nn/any_linear.hpp - a linear layer whose policies are known at run time.
// Holds: any_linear, try_make_linear. One virtual call per layer and token batch; kernels do not know of it.
#pragma once

#include <memory>
#include <new>

#include "qtl/calib/minmax.hpp"
#include "qtl/nn/qlinear.hpp"
#include "qtl/policy/with_policy.hpp"

namespace qtl::inline v0 {

/// A QLinear<W, A, Backend> behind one interface. Move-only; a default-made one holds nothing.
class any_linear {
 public:
  any_linear() = default;
  /// Takes a layer. Error: out_of_memory.
  template<QuantPolicy W, QuantPolicy A, class B>
  static result<any_linear> make(QLinear<W, A, B> layer) {
    any_linear any;
    any.layer_.reset(new (std::nothrow) model<QLinear<W, A, B>>(std::move(layer)));
    if (any.layer_ == nullptr)
      return failure(error_code::out_of_memory, "layer", "no memory for a layer");
    return any;
  }

  explicit operator bool() const { return layer_ != nullptr; }
  std::int64_t in_features() const { return layer_->in_features(); }
  std::int64_t out_features() const { return layer_->out_features(); }
  const char* kernel_name() const { return layer_->kernel_name(); }
  linear_desc desc() const { return layer_->desc(); }
  /// Bytes of host memory that run() needs; 0 for a layer on a device.
  std::int64_t workspace_size(std::int64_t m, int threads = 1) const {
    return layer_->workspace_size(m, threads);
  }

  /// y = x W^T + bias, as QLinear::run. A layer on a device takes its operands there and back, in
  /// memory that it allocates for the call.
  status run(matrix_view<const float> x, matrix_view<float> y, const run_context& context) const {
    return layer_->run(x, y, context);
  }
  /// y = x W^T + bias, allocated.
  result<matrix<float>> try_apply(matrix_view<const float> x,
                                  const executor_ref& executor = {}) const {
    return layer_->apply(x, executor);
  }

 private:
  struct interface {
    virtual ~interface() = default;
    virtual std::int64_t in_features() const = 0;
    virtual std::int64_t out_features() const = 0;
    virtual const char* kernel_name() const = 0;
    virtual linear_desc desc() const = 0;
    virtual std::int64_t workspace_size(std::int64_t m, int threads) const = 0;
    virtual status run(matrix_view<const float> x, matrix_view<float> y,
                       const run_context& context) const = 0;
    virtual result<matrix<float>> apply(matrix_view<const float> x,
                                        const executor_ref& executor) const = 0;
  };

  template<class Layer>
  struct model final : interface {
    static constexpr bool is_on_device = requires(const Layer& l, matrix_view<const float> x,
                                                  matrix_view<float> y) { l.apply_to(x, y); };

    explicit model(Layer l) : layer(std::move(l)) {}
    std::int64_t in_features() const override { return layer.in_features(); }
    std::int64_t out_features() const override { return layer.out_features(); }
    const char* kernel_name() const override { return layer.kernel_name(); }
    linear_desc desc() const override {
      return describe_linear<typename Layer::weight_policy, typename Layer::activation_policy>();
    }
    std::int64_t workspace_size(std::int64_t m, int threads) const override {
      return is_on_device ? 0 : layer.workspace_size(m, threads);
    }
    status run(matrix_view<const float> x, matrix_view<float> y,
               const run_context& context) const override {
      if constexpr (is_on_device)
        return layer.apply_to(x, y);
      else
        return layer.run(x, y, context);
    }
    result<matrix<float>> apply(matrix_view<const float> x,
                                const executor_ref& executor) const override {
      return layer.try_apply(x, executor);
    }
    Layer layer;
  };

  std::unique_ptr<interface> layer_;
};

/// Quantizes the weight for Layer's policies and wraps the layer.
template<class Layer>
result<any_linear> make_any_linear(matrix_view<const float> weight, std::span<const float> bias,
                                   value_range activations) {
  if (Layer::needs_calibration && activations.amax() == 0.0f)
    return failure(error_code::invalid_argument, "activations",
                   "the range is empty or zero; a static activation policy needs the range of "
                   "calibration samples");
  auto q = try_quantize<typename Layer::weight_policy>(weight);
  if (!q.ok()) return q.why();
  auto layer = Layer::make(*std::move(q), bias,
                           choose_qparams<typename Layer::activation_policy>(activations));
  if (!layer.ok()) return layer.why();
  return any_linear::make(*std::move(layer));
}

/// A layer of the policies that `desc` names, out of those the list instantiates: `weight` (n x k)
/// is quantized, `bias` has n values or none, and `activations` is the calibrated range of x, read
/// by static policies only. Errors: unsupported (with the nearest of the list), and those of
/// quantization and of QLinear::make.
template<class Backend_ = cpu_backend, class List>
result<any_linear> try_make_linear(List list, const linear_desc& desc,
                                   matrix_view<const float> weight,
                                   std::span<const float> bias = {}, value_range activations = {}) {
  result<any_linear> made = failure(error_code::unsupported, "desc", "not visited");
  const status s = try_with_policy(list, desc, [&]<class W, class A>() {
    // The cast is for nvcc, which takes what `=` returns for a result that nobody looks at.
    static_cast<void>(made = make_any_linear<QLinear<W, A, Backend_>>(weight, bias, activations));
  });
  if (!s.ok()) return s;
  return made;
}

}  // namespace qtl::inline v0
