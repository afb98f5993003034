// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/device_backend.hpp - what a backend offers whose operands lie in a device's memory.
// Holds: quantize_args, device_quantizer, the concept DeviceBackend, find_quantizer.
// A test may satisfy it with plain memory; gpu_backend satisfies it with CUDA's.
#pragma once

#include "qtl/backend/gpu/device_facts.hpp"
#include "qtl/backend/gpu/device_view.hpp"
#include "qtl/gemm/kernel.hpp"

namespace qtl::inline v0 {

/// What a quantizer is given: reals of the caller in, an operand in the workspace out.
struct quantize_args {
  policy_desc policy;
  device_operand x;
  activation_operand to;  ///< codes and parameters to write; the pointers are the device's
  block_values fixed;     ///< the parameters of a static policy
  /// Column p of the operand is column column_order[p] of x; null: they are the same.
  const std::int32_t* column_order = nullptr;
  std::byte* gathered = nullptr;  ///< with an order, for a policy with scales: m gathered_row_bytes
  const device_facts* device = nullptr;
  void* stream = nullptr;
};

/// One kernel that makes activations of a layer: quantizes them, or converts them where the policy
/// is unscaled. Looked up by value, as products are.
struct device_quantizer {
  short_name name;
  bool (*supports)(const policy_desc& policy, value_encoding from) = nullptr;
  status (*run)(const quantize_args& args) = nullptr;
};

/// Satisfied by a Backend that also hands out memory of a device, moves bytes there and back, and
/// lists quantizers. Why: a layer packs its weights on the host and must bring them over, and its
/// run() reads and writes the caller's device memory only.
template<class B>
concept DeviceBackend =
    Backend<B> && requires(void* to, const void* from, std::int64_t bytes, void* stream) {
      { B::facts() } -> std::same_as<result<device_facts>>;
      { B::quantizers() } -> std::convertible_to<std::span<const device_quantizer>>;
      { B::allocate(bytes) } -> std::same_as<result<void*>>;
      { B::release(to) } -> std::same_as<void>;
      { B::copy_to_device(to, from, bytes, stream) } -> std::same_as<status>;
      { B::copy_to_host(to, from, bytes, stream) } -> std::same_as<status>;
      { B::synchronize(stream) } -> std::same_as<status>;
    };

/// The first quantizer of B that makes such activations of such reals, or null.
template<DeviceBackend B>
const device_quantizer* find_quantizer(const policy_desc& policy, value_encoding from) {
  for (const device_quantizer& q : std::span<const device_quantizer>(B::quantizers()))
    if (q.supports(policy, from)) return &q;
  return nullptr;
}

}  // namespace qtl::inline v0
