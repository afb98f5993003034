// SPDX-License-Identifier: Apache-2.0
// qtl/nn/qlinear.hpp - a quantized linear layer, y = x W^T + bias.
// Holds: QLinear<W, A, Backend> over host memory. Construction may fail and allocate; run() does neither.
// Not here: products (gemm/, backend/), layers chosen at run time (any_linear.hpp), on a device
// (device_linear.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "qtl/backend/cpu/cpu_backend.hpp"
#include "qtl/nn/activations.hpp"
#include "qtl/nn/input_order.hpp"
#include "qtl/nn/linear.hpp"
#include "qtl/ops/quantize.hpp"

namespace qtl::inline v0 {

/// Eigen's own type for a result with the shape of M's, where M is Eigen's and its columns can be
/// resized.
template<class M>
struct applied_result {
  using type = matrix<float>;
};
template<class M>
  requires requires { typename M::PlainObject; } &&
           is_resizable_dense_matrix<typename M::PlainObject> && (M::ColsAtCompileTime == -1)
struct applied_result<M> {
  using type = typename M::PlainObject;
};

/// The layer over host memory: the declaration is in linear.hpp.
template<QuantPolicy W, QuantPolicy A, class Backend_>
  requires ValidLinear<W, A> && Backend<Backend_>
class QLinear {
 public:
  using weight_policy = W;
  using activation_policy = A;
  using backend = Backend_;
  /// True where the layer needs parameters for its activations beforehand.
  static constexpr bool needs_calibration = needs_calibrated_activations<A>;

  /// A layer that owns its weight. `bias` has n values or none; `activation` holds the calibrated
  /// parameters of a static activation and may be left out for others ({}). Weights are packed on
  /// the executor's threads. Errors: shape_mismatch, invalid_argument, unsupported, out_of_memory.
  static result<QLinear> make(QTensor<W> weight, std::span<const float> bias,
                              const qparams<A>& activation, const executor_ref& executor = {}) {
    QLinear layer;
    layer.owned_ = std::move(weight);
    layer.weight_ = layer.owned_.view();
    const status s = layer.prepare(bias, activation, executor);
    if (!s.ok()) return s;
    return layer;
  }
  static result<QLinear> make(QTensor<W> weight, std::span<const float> bias = {}) {
    check_calibrated();
    return make(std::move(weight), bias, {});
  }
  /// A layer over a weight that the caller owns and keeps alive, a mapped file for example.
  static result<QLinear> make_view(const QTensorView<W>& weight, std::span<const float> bias,
                                   const qparams<A>& activation,
                                   const executor_ref& executor = {}) {
    QLinear layer;
    layer.weight_ = weight;
    const status s = layer.prepare(bias, activation, executor);
    if (!s.ok()) return s;
    return layer;
  }
  static result<QLinear> make_view(const QTensorView<W>& weight, std::span<const float> bias = {}) {
    check_calibrated();
    return make_view(weight, bias, {});
  }

  /// Without bias.
  explicit QLinear(QTensor<W> weight) : QLinear(value_or_throw(make(std::move(weight)))) {}
  /// With bias: n values.
  template<BiasSource B>
  QLinear(QTensor<W> weight, const B& bias)
      : QLinear(value_or_throw(make(std::move(weight), linear_checks::bias_span(bias)))) {}
  /// With bias and the calibrated parameters of a static activation (qtl::calibrate<A>(samples)).
  template<BiasSource B>
  QLinear(QTensor<W> weight, const B& bias, const qparams<A>& activation)
      : QLinear(
            value_or_throw(make(std::move(weight), linear_checks::bias_span(bias), activation))) {}

  std::int64_t in_features() const { return weight_.cols(); }
  std::int64_t out_features() const { return weight_.rows(); }
  const QTensorView<W>& weight() const { return weight_; }
  std::span<const float> bias() const { return bias_.span(); }
  const qparams<A>& activation_params() const { return activation_; }

  /// The key by which kernels are looked up.
  gemm_key key(output_kind output = output_kind::as_f32) const {
    return make_gemm_key(describe_linear<W, A>(), output, in_features());
  }
  /// The kernel that runs, whatever the output.
  const char* kernel_name() const { return kernel_->name.c_str(); }

  /// The function that run() applies to outputs before it rounds them; none unless set.
  activation_function epilogue() const { return epilogue_; }
  void set_epilogue(activation_function f) { epilogue_ = f; }

  /// The columns of x that the weight's columns meet; empty: they meet their own.
  std::span<const std::int64_t> input_order() const { return order_.span(); }
  /// From now on y = x[:, order] W^T + bias: column p of the weight meets column order[p] of x, as
  /// method_result::input_order says it. Empty: as at first. x is gathered into the workspace, of
  /// which there must be more then. Errors, with nothing changed: those of check_input_order.
  status set_input_order(std::span<const std::int64_t> order) {
    if (const status s = check_input_order(order, in_features()); !order.empty() && !s.ok())
      return s;
    auto copy = buffer<std::int64_t>::make(static_cast<std::int64_t>(order.size()));
    if (!copy.ok()) return copy.why();
    order_ = *std::move(copy);
    for (std::size_t p = 0; p < order.size(); ++p) order_[static_cast<std::int64_t>(p)] = order[p];
    return {};
  }

  /// Names the kernel and the workspace for m tokens. Errors: overflow, which a negative m is too;
  /// fallback_refused.
  result<linear_plan> plan(std::int64_t m, strictness strict = strictness::allow_fallback,
                           int threads = 1) const {
    if (strict == strictness::strict && kernel_->is_fallback)
      return linear_checks::refused_fallback(*kernel_, describe_linear<W, A>());
    if (const status s = linear_checks::tokens(m, out_features(), in_features()); !s.ok()) return s;
    const gemm_shape shape{m, out_features(), in_features(), threads};
    const std::int64_t activations = activation_layout<A>{m, in_features()}.size();
    const std::int64_t products = aligned_size(kernel_->workspace_size(key(), shape));
    return linear_plan{
        kernel_,
        m,
        gathered_size(m) + activations + products + static_cast<std::int64_t>(buffer_alignment),
        {}};
  }
  /// Bytes of workspace that run() needs for m tokens; 0 where plan() fails.
  std::int64_t workspace_size(std::int64_t m, int threads = 1) const {
    const result<linear_plan> p = plan(m, strictness::allow_fallback, threads);
    return p.ok() ? p->workspace_size : 0;
  }

  /// y = x W^T + bias into memory of the caller, x m x k, y m x n. Neither allocates nor throws.
  /// Errors, with nothing written: shape_mismatch naming x or y, workspace_too_small.
  status run(matrix_view<const float> x, matrix_view<float> y, const run_context& context) const {
    return run_into(x, {y.data, y.row_stride, y.col_stride, output_kind::as_f32, {}}, y.rows,
                    y.cols, context);
  }
  /// The same with y rounded once to f16 or bf16: y holds the bits.
  template<class F>
    requires(std::same_as<F, f16> || std::same_as<F, bf16>)
  status run(matrix_view<const float> x, matrix_view<std::uint16_t> y,
             const run_context& context) const {
    constexpr output_kind kind = std::same_as<F, f16> ? output_kind::as_f16 : output_kind::as_bf16;
    return run_into(x, {y.data, y.row_stride, y.col_stride, kind, {}}, y.rows, y.cols, context);
  }
  /// The same with y requantized: y holds P's codes under parameters p, for a next layer. A NaN
  /// becomes P's code of NaN, 0 for integers. Also invalid_argument where p's scale is zero or not
  /// finite.
  template<QuantPolicy P>
    requires RequantizedOutput<P>
  status run(matrix_view<const float> x, matrix_view<code_type<typename P::format>> y,
             const qparams<P>& p, const run_context& context) const {
    if (const status s = linear_checks::scale(p.scale, "p"); !s.ok()) return s;
    return run_into(
        x, {y.data, y.row_stride, y.col_stride, output_kind::as_codes, make_requantizer<P>(p)},
        y.rows, y.cols, context);
  }

  /// y = x W^T + bias, allocated. An Eigen matrix gives an Eigen matrix, anything else a
  /// qtl::matrix<float>. Throws qtl::error.
  template<MatrixSource M>
  auto operator()(const M& x) const {
    return value_or_throw(try_apply(x));
  }
  /// As operator(), with a status instead of an exception.
  template<MatrixSource M>
  auto try_apply(const M& x, const executor_ref& executor = {}) const {
    using output = typename applied_result<M>::type;
    using outcome = result<output>;
    const matrix_view<const float> source = as_view(x);
    const result<linear_plan> p = plan(source.rows, strictness::allow_fallback, executor.threads());
    if (!p.ok()) return outcome(p.why());
    result<buffer<std::byte>> workspace = buffer<std::byte>::make(p->workspace_size);
    if (!workspace.ok()) return outcome(workspace.why());
    result<matrix<float>> y = matrix<float>::make(source.rows, out_features());
    if (!y.ok()) return outcome(y.why());
    const status s = run(source, y->view(), {workspace->span(), executor, nullptr});
    if (!s.ok()) return outcome(s);
    if constexpr (std::same_as<output, matrix<float>>)
      return y;
    else
      return outcome(static_cast<output>(*y));
  }

 private:
  QLinear() = default;

  static constexpr void check_calibrated() {
    static_assert(
        !needs_calibration,
        "a static activation policy needs its calibrated parameters: QLinear{weight, bias, qtl::calibrate<A>(samples)}");
  }

  status prepare(std::span<const float> bias, const qparams<A>& activation,
                 const executor_ref& executor) {
    if (const status s = linear_checks::bias_size(bias, out_features()); !s.ok()) return s;
    if (const status s = linear_checks::scale(activation.scale, "activation");
        needs_calibration && !s.ok())
      return s;
    kernel_ = find_kernel<backend>(key());
    if (kernel_ == nullptr) return linear_checks::no_kernel(backend::name, describe_linear<W, A>());
    activation_ = activation;
    auto copy = buffer<float>::make(static_cast<std::int64_t>(bias.size()));
    if (!copy.ok()) return copy.why();
    bias_ = *std::move(copy);
    for (std::size_t j = 0; j < bias.size(); ++j) bias_[static_cast<std::int64_t>(j)] = bias[j];
    return pack(executor);
  }

  status pack(const executor_ref& executor) {
    if (kernel_->packed_size == nullptr) return {};
    const weight_operand w = erase(weight_);
    auto packed = buffer<std::byte>::make(kernel_->packed_size(key(), w));
    if (!packed.ok()) return packed.why();
    packed_ = *std::move(packed);
    pack_weights(*kernel_, key(), w, packed_.data(), executor);
    return {};
  }

  // What tokens take whose columns are in order_.
  std::int64_t gathered_size(std::int64_t m) const {
    return order_.size() != 0 ? aligned_size(m * in_features() * 4) : 0;
  }
  // x as the weight meets it; `memory` begins behind it then.
  matrix_view<const float> gathered(matrix_view<const float> x, std::span<std::byte>& memory,
                                    const executor_ref& executor) const {
    if (order_.size() == 0) return x;
    const matrix_view<float> to(reinterpret_cast<float*>(memory.data()), x.rows, x.cols);
    gather_tokens(x, order_.span(), to, executor);
    memory = memory.subspan(static_cast<std::size_t>(gathered_size(x.rows)));
    return to;
  }

  status run_into(matrix_view<const float> x, const output_operand& y, std::int64_t y_rows,
                  std::int64_t y_cols, const run_context& context) const {
    const gemm_shape layer{0, out_features(), in_features()};
    if (const status s = linear_checks::extents(x.rows, x.cols, y_rows, y_cols, layer); !s.ok())
      return s;
    const result<linear_plan> p =
        plan(x.rows, strictness::allow_fallback, context.executor.threads());
    if (!p.ok()) return p.why();
    if (const status s = linear_checks::workspace(context, *p); !s.ok()) return s;
    const auto address = reinterpret_cast<std::uintptr_t>(context.workspace.data());
    std::span<std::byte> memory = context.workspace.subspan(
        (buffer_alignment - address % buffer_alignment) % buffer_alignment);
    const matrix_view<const float> met = gathered(x, memory, context.executor);
    gemm_args args;
    args.key = key(y.kind);
    args.x = prepare_activations<A>(met, activation_, memory.data(), context.executor, kernel_,
                                    args.key);
    args.w = erase(weight_);
    args.packed = packed_.data();
    args.bias = bias_.size() != 0 ? bias_.data() : nullptr;
    args.y = y;
    args.y.function = epilogue_;
    args.workspace =
        memory.subspan(static_cast<std::size_t>(activation_layout<A>{x.rows, x.cols}.size()));
    args.executor = context.executor;
    args.stream = context.stream;
    p->kernel->run(args);
    return {};
  }

  QTensor<W> owned_;
  QTensorView<W>
      weight_;  // into owned_ or the caller's memory; moving a QTensor leaves its memory in place
  buffer<float> bias_;
  buffer<std::byte> packed_;
  buffer<std::int64_t> order_;
  qparams<A> activation_{};
  const gemm_kernel* kernel_ = nullptr;
  activation_function epilogue_ = activation_function::none;
};

}  // namespace qtl::inline v0
