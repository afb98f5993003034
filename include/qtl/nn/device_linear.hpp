// SPDX-License-Identifier: Apache-2.0
// qtl/nn/device_linear.hpp - a quantized linear layer on a device: QLinear<W, A, gpu_backend>.
// Holds: the specialization of QLinear for every DeviceBackend. The weight is packed on the host, once, and brought over;
// run() puts kernels into the caller's stream and neither allocates, waits nor throws.
// Not here: kernels (cuda/), host memory (qlinear.hpp).
#pragma once

#include <memory>

#include "qtl/backend/gpu/device_activations.hpp"
#include "qtl/backend/gpu/device_qtensor.hpp"
#include "qtl/base/matrix.hpp"
#include "qtl/nn/input_order.hpp"
#include "qtl/nn/linear.hpp"
#include "qtl/nn/plan_cache.hpp"

namespace qtl::inline v0 {

/// Satisfied by an 8-bit integer per_tensor policy that rounds to nearest even. Why: kernels of a
/// device clamp and round in integers.
template<class P>
// clang-format off
concept DeviceRequantizedOutput =
    RequantizedOutput<P> &&
    ((kind_of<typename P::format> == format_kind::integer &&
      P::scheme::zero_point != zero_point_kind::shift &&
      P::rounding_tag::mode == rounding_mode::nearest_even) ||
     unsatisfied<"on a device a requantized output is an 8-bit integer per_tensor policy that rounds to nearest even", P>);
// clang-format on

/// y = x W^T + bias where x, y and the workspace lie in the device's memory. A pair of policies
/// without a kernel is refused when the layer is made. Run it in any number of streams and threads
/// at a time, with a workspace for each. Tile sizes are chosen when a number of tokens is first
/// seen, and kept for the last few of them.
template<QuantPolicy W, QuantPolicy A, DeviceBackend B>
  requires ValidLinear<W, A>
class QLinear<W, A, B> {
 public:
  using weight_policy = W;
  using activation_policy = A;
  using backend = B;
  /// True where the layer needs parameters for its activations beforehand.
  static constexpr bool needs_calibration = needs_calibrated_activations<A>;

  /// A layer of a weight on the host, which is read once and not kept. `bias` has n values or none;
  /// `activation` holds the calibrated parameters of a static activation. Errors: shape_mismatch,
  /// invalid_argument, unsupported (no device, or no kernel for the pair), out_of_memory.
  static result<QLinear> make(const QTensorView<W>& weight, std::span<const float> bias,
                              const qparams<A>& activation) {
    QLinear layer;
    const status s = layer.prepare(weight, bias, activation);
    if (!s.ok()) return s;
    return result<QLinear>(std::move(layer));
  }
  static result<QLinear> make(const QTensorView<W>& weight, std::span<const float> bias = {}) {
    check_calibrated();
    return make(weight, bias, {});
  }

  /// Without bias.
  explicit QLinear(const QTensorView<W>& weight) : QLinear(value_or_throw(make(weight))) {}
  /// With bias: n values.
  template<BiasSource S>
  QLinear(const QTensorView<W>& weight, const S& bias)
      : QLinear(value_or_throw(make(weight, linear_checks::bias_span(bias)))) {}
  /// With bias and the calibrated parameters of a static activation (qtl::calibrate<A>(samples)).
  template<BiasSource S>
  QLinear(const QTensorView<W>& weight, const S& bias, const qparams<A>& activation)
      : QLinear(value_or_throw(make(weight, linear_checks::bias_span(bias), activation))) {}

  std::int64_t in_features() const { return weight_.k; }
  std::int64_t out_features() const { return weight_.n; }
  const qparams<A>& activation_params() const { return activation_; }
  /// The device that the layer was made on.
  const device_facts& device() const { return device_; }

  /// The key by which kernels are looked up.
  gemm_key key(output_kind output = output_kind::as_f32) const {
    return make_gemm_key(describe_linear<W, A>(), output, in_features());
  }
  /// The kernel that multiplies, whatever the output.
  const char* kernel_name() const { return kernel_->name.c_str(); }
  /// The kernel that makes activations of f32; those of f16 and bf16 may have others.
  const char* quantizer_name() const { return quantizers_[0]->name.c_str(); }

  /// The function that run() applies to outputs before it rounds them; none unless set.
  activation_function epilogue() const { return epilogue_; }
  void set_epilogue(activation_function f) { epilogue_ = f; }

  /// From now on y = x[:, order] W^T + bias: column p of the weight meets column order[p] of x, as
  /// method_result::input_order says it. Empty: as at first. Some kernels read the columns in that
  /// order; for others they are gathered into the workspace, of which there must be more then.
  /// Allocates and waits. Errors, with nothing changed: those of check_input_order, and overflow.
  status set_input_order(std::span<const std::int64_t> order) {
    if (order.empty()) {
      order_ = {};
      return {};
    }
    if (const status s = check_input_order(order, in_features()); !s.ok()) return s;
    if (in_features() > INT32_MAX)
      return mismatch("order", "number of columns, at most 2^31 - 1,", 0, INT32_MAX, in_features(),
                      error_code::overflow);
    return bring_order(order);
  }
  bool has_input_order() const { return order_.size() != 0; }

  /// Names the kernel, its tile sizes and the workspace for m tokens. Errors: overflow, which a
  /// negative m is too; fallback_refused.
  result<linear_plan> plan(std::int64_t m, strictness strict = strictness::allow_fallback,
                           int = 1) const {
    gemm_plan decided;
    if (const status s = decide(m, decided); !s.ok()) return s;
    if (strict == strictness::strict && kernel_->is_fallback)
      return linear_checks::refused_fallback(*kernel_, describe_linear<W, A>());
    return linear_plan{kernel_, m, workspace_of(decided), decided.variant};
  }
  /// Bytes of device memory that run() needs for m tokens; 0 where plan() fails.
  std::int64_t workspace_size(std::int64_t m, int = 1) const {
    gemm_plan decided;
    return decide(m, decided).ok() ? workspace_of(decided) : 0;
  }

  /// y = x W^T + bias in device memory of the caller: x (m x k) and y (m x n) of f32, f16 or bf16.
  /// Puts its kernels into context.stream and returns; a CUDA graph can capture them. Errors,
  /// with nothing run: shape_mismatch naming x or y, workspace_too_small, and what a launch says.
  template<class X, class Y>
    requires RealFormat<std::remove_const_t<X>> && RealFormat<Y>
  status run(const device_view<X>& x, const device_view<Y>& y, const run_context& context) const {
    return run_into(erase(x), {y.data, y.row_stride, 1, output_kind_of<Y>, {}}, y.rows, y.cols,
                    context);
  }
  /// The same with y requantized: y holds P's codes under parameters p, for a next layer. Also
  /// invalid_argument where p's scale is zero or not finite.
  template<QuantPolicy P, class X>
    requires DeviceRequantizedOutput<P> && RealFormat<std::remove_const_t<X>>
  status run(const device_view<X>& x, const device_view<typename P::format>& y, const qparams<P>& p,
             const run_context& context) const {
    if (const status s = linear_checks::scale(p.scale, "p"); !s.ok()) return s;
    return run_into(erase(x),
                    {y.data, y.row_stride, 1, output_kind::as_codes, make_requantizer<P>(p)},
                    y.rows, y.cols, context);
  }

  /// y = x W^T + bias for a matrix of the host: brought over, run, brought back. For tests and
  /// tools; it allocates and waits. Throws qtl::error.
  template<MatrixSource M>
  auto operator()(const M& x) const {
    return value_or_throw(try_apply(x));
  }
  /// As operator(), with a status instead of an exception.
  template<MatrixSource M>
  result<matrix<float>> try_apply(const M& x, const executor_ref& = {}) const {
    const matrix_view<const float> source = as_view(x);
    result<matrix<float>> y = matrix<float>::make(source.rows, out_features());
    if (!y.ok()) return y;
    if (const status s = apply_to(source, y->view()); !s.ok()) return s;
    return y;
  }
  /// The same into memory of the host. Errors as run()'s, and out_of_memory.
  status apply_to(matrix_view<const float> x, matrix_view<float> y) const {
    const result<linear_plan> p = plan(x.rows);
    if (!p.ok()) return p.why();
    result<matrix<float>> dense_x = matrix<float>::make(x.rows, x.cols);
    if (!dense_x.ok()) return dense_x.why();
    copy_elements(x, dense_x->view());
    auto device_x = device_matrix<f32, B>::copy_of(elements(*dense_x), x.rows, x.cols);
    if (!device_x.ok()) return device_x.why();
    auto device_y = device_matrix<f32, B>::make(y.rows, y.cols);
    if (!device_y.ok()) return device_y.why();
    auto workspace = device_buffer<std::byte, B>::make(p->workspace_size);
    if (!workspace.ok()) return workspace.why();
    result<matrix<float>> dense_y = matrix<float>::make(y.rows, y.cols);
    if (!dense_y.ok()) return dense_y.why();
    status s = run(device_x->view(), device_y->view(), {workspace->span(), {}, nullptr});
    if (s.ok()) s = device_y->download(elements(*dense_y));
    if (s.ok()) copy_elements(matrix_view<const float>(dense_y->view()), y);
    return s;
  }

 private:
  QLinear() = default;

  static constexpr void check_calibrated() {
    static_assert(
        !needs_calibration,
        "a static activation policy needs its calibrated parameters: QLinear{weight, bias, qtl::calibrate<A>(samples)}");
  }
  static std::span<float> elements(matrix<float>& m) {
    return {m.data(), static_cast<std::size_t>(m.rows() * m.cols())};
  }
  static void copy_elements(matrix_view<const float> from, matrix_view<float> to) {
    for (std::int64_t i = 0; i < from.rows; ++i)
      for (std::int64_t j = 0; j < from.cols; ++j) to(i, j) = from(i, j);
  }

  gemm_shape shape(std::int64_t m) const { return {m, out_features(), in_features(), 1, &device_}; }

  device_activation_layout activations(std::int64_t m) const {
    return {describe<A>(), m, in_features()};
  }

  // The plan for m tokens: a kept one, or a new one that is kept.
  status decide(std::int64_t m, gemm_plan& decided) const {
    if (plans_->find(m, decided)) return {};
    if (const status s = linear_checks::tokens(m, out_features(), in_features()); !s.ok()) return s;
    make_plan(*kernel_, key(), shape(m), decided);
    plans_->keep(decided);
    return {};
  }
  std::int64_t workspace_of(const gemm_plan& decided) const {
    return activations(decided.m).size() + gathered_size(decided.m) +
           device_aligned(decided.workspace_size) + static_cast<std::int64_t>(buffer_alignment);
  }

  bool kernel_reorders(std::int64_t m) const {
    return kernel_->reorders != nullptr && kernel_->reorders(key(), shape(m));
  }
  // For a quantizer that puts x into the order of the weight's columns first.
  std::int64_t gathered_size(std::int64_t m) const {
    if (!has_input_order() || is_unscaled<typename A::scheme> || kernel_reorders(m)) return 0;
    return device_aligned(m * gathered_row_bytes(in_features(), 4));
  }

  status prepare(const QTensorView<W>& weight, std::span<const float> bias,
                 const qparams<A>& activation) {
    if (const status s = linear_checks::bias_size(bias, weight.rows()); !s.ok()) return s;
    if (const status s = linear_checks::scale(activation.scale, "activation");
        needs_calibration && !s.ok())
      return s;
    const result<device_facts> device = B::facts();
    if (!device.ok()) return device.why();
    device_ = *device;
    weight_ = erase(weight);
    activation_ = activation;
    plans_.reset(new (std::nothrow) plan_cache);
    if (plans_ == nullptr)
      return failure(error_code::out_of_memory, "layer", "no memory for its plans");
    kernel_ = find_kernel<B>(key());
    if (kernel_ == nullptr) return linear_checks::no_kernel(B::name, describe_linear<W, A>());
    if (const status s = find_quantizers(); !s.ok()) return s;
    auto values = device_buffer<float, B>::copy_of(bias);
    if (!values.ok()) return values.why();
    bias_ = *std::move(values);
    return kernel_->packed_size != nullptr ? bring_packed() : bring_canonical(weight);
  }

  // One for each encoding of x.
  status find_quantizers() {
    for (const value_encoding from :
         {value_encoding::as_f32, value_encoding::as_f16, value_encoding::as_bf16}) {
      const device_quantizer* q = find_quantizer<B>(describe<A>(), from);
      if (q == nullptr) {
        status s{error_code::unsupported, "Backend", -1, 0, 0, {}};
        s.message.append("Backend: ").append(short_name(B::name).view());
        s.message.append(" has no kernel that makes activations ");
        s.message.append(to_text(describe<A>()).view()).append(" of ");
        s.message.append(encoding_name(from));
        return s;
      }
      quantizers_[quantizer_index(from)] = q;
    }
    return {};
  }
  static constexpr int quantizer_index(value_encoding from) {
    return from == value_encoding::as_f32 ? 0 : from == value_encoding::as_f16 ? 1 : 2;
  }
  static constexpr std::string_view encoding_name(value_encoding from) {
    constexpr std::string_view names[] = {"f32", "f16", "bf16"};
    return names[quantizer_index(from)];
  }

  status bring_packed() {
    auto host = buffer<std::byte>::make(kernel_->packed_size(key(), weight_));
    if (!host.ok()) return host.why();
    kernel_->pack(key(), weight_, host->data());
    auto packed = device_buffer<std::byte, B>::copy_of(host->span());
    if (!packed.ok()) return packed.why();
    packed_ = *std::move(packed);
    weight_.codes = weight_.scales = weight_.offsets = nullptr;  // the host's: no longer ours
    return B::synchronize(nullptr);
  }
  status bring_canonical(const QTensorView<W>& weight) {
    auto copy = DeviceQTensor<W, B>::copy_of(weight);
    if (!copy.ok()) return copy.why();
    canonical_ = *std::move(copy);
    const DeviceQTensorView<W> view = canonical_.view();
    weight_.codes = view.codes;
    weight_.row_bytes = view.layout.row_bytes;
    weight_.scales = scale_bytes<W> != 0 ? view.scales : nullptr;
    weight_.offsets = view.offsets;
    return B::synchronize(nullptr);
  }

  // -1 beyond the last column, as far as a kernel may read.
  status bring_order(std::span<const std::int64_t> order) {
    auto host = buffer<std::int32_t>::make(device_aligned(in_features()));
    if (!host.ok()) return host.why();
    for (std::int64_t p = 0; p < host->size(); ++p)
      (*host)[p] =
          p < in_features() ? static_cast<std::int32_t>(order[static_cast<std::size_t>(p)]) : -1;
    auto there = device_buffer<std::int32_t, B>::copy_of(host->span());
    if (!there.ok()) return there.why();
    if (const status s = B::synchronize(nullptr); !s.ok()) return s;
    order_ = *std::move(there);
    return {};
  }

  // Reals of the policy's own format are read where they lie, if wide loads can.
  static bool reads_in_place(const device_operand& x) {
    if (!is_unscaled<typename A::scheme> || x.encoding != reader_of_activations().encoding)
      return false;
    return reinterpret_cast<std::uintptr_t>(x.data) % 16 == 0 && x.row_bytes() % 16 == 0;
  }
  static constexpr element_reader reader_of_activations() {
    return reader_of<typename A::format>();
  }

  status make_activations(const device_operand& x, std::byte* memory, const run_context& context,
                          activation_operand& out) const {
    out = activations(x.rows).operand(memory, reader_of_activations());
    const bool gathers = has_input_order() && !kernel_reorders(x.rows);
    if (!gathers && has_input_order()) out.column_order = order_.data();
    if (!gathers && reads_in_place(x)) {
      out.codes = static_cast<const std::byte*>(x.data);
      out.row_bytes = x.row_bytes();
      return {};
    }
    quantize_args args;
    args.policy = describe<A>();
    args.x = x;
    args.to = out;
    args.fixed = {activation_.scale, activation_.zero_point(), activation_.shift()};
    args.device = &device_;
    args.stream = context.stream;
    if (gathers) args.column_order = order_.data();
    args.gathered = memory + activations(x.rows).size();
    return quantizers_[quantizer_index(x.encoding)]->run(args);
  }

  status run_into(const device_operand& x, const output_operand& y, std::int64_t y_rows,
                  std::int64_t y_cols, const run_context& context) const {
    if (const status s = linear_checks::extents(x.rows, x.cols, y_rows, y_cols, shape(0)); !s.ok())
      return s;
    gemm_plan decided;
    if (const status s = decide(x.rows, decided); !s.ok()) return s;
    if (const status s = linear_checks::workspace(
            context, {kernel_, x.rows, workspace_of(decided), decided.variant});
        !s.ok())
      return s;
    if (x.rows == 0 || out_features() == 0) return {};
    const auto address = reinterpret_cast<std::uintptr_t>(context.workspace.data());
    const std::span<std::byte> memory = context.workspace.subspan(
        (buffer_alignment - address % buffer_alignment) % buffer_alignment);
    status outcome;
    gemm_args args;
    args.key = key(y.kind);
    if (const status s = make_activations(x, memory.data(), context, args.x); !s.ok()) return s;
    args.w = weight_;
    args.packed = packed_.data();
    args.bias = bias_.data();
    args.y = y;
    args.y.function = epilogue_;
    args.workspace = memory.subspan(
        static_cast<std::size_t>(activations(x.rows).size() + gathered_size(x.rows)));
    args.stream = context.stream;
    args.device = &device_;
    args.outcome = &outcome;
    args.plan = &decided;
    kernel_->run(args);
    if (decided.has_changed && outcome.ok()) plans_->keep(decided);
    return outcome;
  }

  device_facts device_;
  weight_operand weight_;  // its pointers are the device's, or null where the kernel packs
  DeviceQTensor<W, B> canonical_;
  device_buffer<std::byte, B> packed_;
  device_buffer<float, B> bias_;
  device_buffer<std::int32_t, B> order_;
  qparams<A> activation_{};
  const gemm_kernel* kernel_ = nullptr;
  const device_quantizer* quantizers_[3] = {};
  std::unique_ptr<plan_cache> plans_;  // by address: a layer moves, and threads may hold a slot
  activation_function epilogue_ = activation_function::none;
};

}  // namespace qtl::inline v0
