// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/device_qtensor.hpp - a quantized matrix in a device's memory, in the canonical layout.
// Holds: DeviceQTensorView<P>, DeviceQTensor<P, B>. A layer keeps a layout of its own; this one is for weights that travel,
// and for kernels that quantize or dequantize on the device.
#pragma once

#include <utility>

#include "qtl/backend/gpu/device_buffer.hpp"
#include "qtl/tensor/qtensor.hpp"

namespace qtl::inline v0 {

/// A quantized tensor of policy P in device memory that the caller owns: as QTensorSpan<P>, but the
/// host must not read through it, so it has no accessors.
template<QuantPolicy P>
struct DeviceQTensorView {
  using policy = P;

  std::byte* codes = nullptr;
  std::byte* scales = nullptr;
  std::byte* offsets = nullptr;
  float tensor_scale = 1.0f;
  tensor_layout layout{};

  constexpr std::int64_t rows() const { return layout.rows; }
  constexpr std::int64_t cols() const { return layout.cols; }
};

/// A rows x cols matrix of policy P that owns device memory. Moves are cheap, copies are explicit.
template<QuantPolicy P, DeviceBackend B = gpu_backend>
class DeviceQTensor {
 public:
  using policy = P;

  DeviceQTensor() = default;

  /// A tensor whose content begins unspecified. Errors: invalid_argument, overflow, out_of_memory.
  static result<DeviceQTensor> make(std::int64_t rows, std::int64_t cols) {
    const result<tensor_layout> layout = make_layout<P>(rows, cols);
    if (!layout.ok()) return layout.why();
    auto memory = device_buffer<std::byte, B>::make(
        aligned(layout->code_bytes) + aligned(layout->scale_bytes) + layout->offset_bytes);
    if (!memory.ok()) return memory.why();
    DeviceQTensor t;
    t.memory_ = *std::move(memory);
    t.layout_ = *layout;
    return result<DeviceQTensor>(std::move(t));
  }

  /// A copy of a tensor of the host.
  static result<DeviceQTensor> copy_of(const QTensorView<P>& host, void* stream = nullptr) {
    result<DeviceQTensor> t = make(host.rows(), host.cols());
    if (!t.ok()) return t;
    t->tensor_scale_ = host.tensor_scale;
    const DeviceQTensorView<P> to = t->view();
    status s = upload_codes(to, host, stream);
    if (s.ok()) s = upload(to.scales, host.scales, to.layout.scale_bytes, stream);
    if (s.ok()) s = upload(to.offsets, host.offsets, to.layout.offset_bytes, stream);
    if (!s.ok()) return s;
    return t;
  }

  /// A copy on the host; waits for the stream.
  result<QTensor<P>> to_host(void* stream = nullptr) const {
    return download_qtensor(view(), stream);
  }
  /// The same for a tensor in memory of the caller.
  static result<QTensor<P>> download_qtensor(const DeviceQTensorView<P>& from,
                                             void* stream = nullptr) {
    result<QTensor<P>> host = QTensor<P>::make(from.rows(), from.cols());
    if (!host.ok()) return host;
    const QTensorSpan<P> to = host->span();
    status s = download(to.codes, from.codes, to.layout.code_bytes, stream);
    if (s.ok()) s = download(to.scales, from.scales, to.layout.scale_bytes, stream);
    if (s.ok()) s = download(to.offsets, from.offsets, to.layout.offset_bytes, stream);
    if (!s.ok()) return s;
    host->set_tensor_scale(from.tensor_scale);
    return host;
  }

  std::int64_t rows() const { return layout_.rows; }
  std::int64_t cols() const { return layout_.cols; }
  DeviceQTensorView<P> view() const {
    std::byte* codes = const_cast<device_buffer<std::byte, B>&>(memory_).data();
    if (codes == nullptr) return {nullptr, nullptr, nullptr, tensor_scale_, layout_};
    std::byte* scales = codes + aligned(layout_.code_bytes);
    return {codes, scales, scales + aligned(layout_.scale_bytes), tensor_scale_, layout_};
  }

 private:
  // Each part begins where 16-byte loads may.
  static constexpr std::int64_t aligned(std::int64_t bytes) { return (bytes + 255) / 256 * 256; }

  static status upload(std::byte* to, const std::byte* from, std::int64_t bytes, void* stream) {
    return bytes == 0 ? status{} : B::copy_to_device(to, from, bytes, stream);
  }
  static status download(std::byte* to, const std::byte* from, std::int64_t bytes, void* stream) {
    return bytes == 0 ? status{} : B::copy_to_host(to, from, bytes, stream);
  }
  // The rows of a view may lie apart.
  static status upload_codes(const DeviceQTensorView<P>& to, const QTensorView<P>& host,
                             void* stream) {
    if (host.layout.row_bytes == to.layout.row_bytes)
      return upload(to.codes, host.codes, to.layout.code_bytes, stream);
    for (std::int64_t i = 0; i < to.rows(); ++i) {
      const status s = upload(to.codes + i * to.layout.row_bytes,
                              host.codes + i * host.layout.row_bytes, to.layout.row_bytes, stream);
      if (!s.ok()) return s;
    }
    return {};
  }

  device_buffer<std::byte, B> memory_;
  tensor_layout layout_{};
  float tensor_scale_ = 1.0f;
};

}  // namespace qtl::inline v0
