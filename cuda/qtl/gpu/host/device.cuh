// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/device.cuh - the current device as a backend describes it.
// Holds: built_targets, running_target, current_facts, backend_memory.
#pragma once

#include "qtl/backend/gpu/device_facts.hpp"
#include "qtl/gpu/host/runtime.cuh"

namespace qtl::inline v0::gpu {

/// What this program was built for: nvcc's list of architectures; all of them where it is emulated.
inline std::span<const int> built_targets() {
#if defined(__CUDA_ARCH_LIST__)
  static constexpr int built[] = {__CUDA_ARCH_LIST__};
#else
  static constexpr int built[] = {800, 890, 900, 1000, 1200};
#endif
  return built;
}

/// The compute capability of the current device, times 100.
inline result<int> device_capability() {
#if QTL_GPU_EMULATED
  return static_cast<int>(emulated::visible_target());
#else
  status s;
  const int capability = detail::capability(s);
  if (!s.ok()) return s;
  return 10 * capability;
#endif
}

/// The newest of `built` whose code a device of this capability runs. Error: unsupported, naming
/// what there is and what there is not.
inline result<int> target_for(std::span<const int> built, int capability) {
  const int target = best_target(built, capability);
  if (target != 0) return target;
  status s{error_code::unsupported, "device", -1, 0, capability, {}};
  s.message.append("device: this program was built for ").append(targets_text(built).view());
  s.message.append(", and the device has compute capability ").append(capability / 100);
  s.message.append(".").append(capability / 10 % 10);
  return s;
}

/// The newest of the built targets whose code the current device runs. Errors as target_for(), and
/// what CUDA says where there is no device.
inline result<int> running_target() {
  const result<int> capability = device_capability();
  if (!capability.ok()) return capability.why();
  return target_for(built_targets(), *capability);
}

/// The current device. Errors as running_target().
inline result<device_facts> current_facts() {
  const result<int> target = running_target();
  if (!target.ok()) return target.why();
  const result<properties> p = device_properties();
  if (!p.ok()) return p.why();
  device_facts facts;
  facts.name = p->name;
  facts.capability = *device_capability();
  facts.target = *target;
  facts.multiprocessors = p->multiprocessors;
  facts.shared_per_block = p->shared_per_block;
  facts.l2_bytes = p->l2_bytes;
  return facts;
}

/// What a DeviceBackend has besides its lists: a base for backends of one's own.
struct backend_memory {
  static result<device_facts> facts() { return current_facts(); }
  static result<void*> allocate(std::int64_t bytes) { return gpu::allocate(bytes); }
  static void release(void* memory) { gpu::release(memory); }
  static status copy_to_device(void* to, const void* from, std::int64_t bytes, void* stream) {
    const status s = gpu::copy_to_device(to, from, bytes, stream);
    return s.ok() ? gpu::synchronize(stream) : s;
  }
  static status copy_to_host(void* to, const void* from, std::int64_t bytes, void* stream) {
    const status s = gpu::copy_to_host(to, from, bytes, stream);
    return s.ok() ? gpu::synchronize(stream) : s;
  }
  static status synchronize(void* stream) { return gpu::synchronize(stream); }
};

}  // namespace qtl::inline v0::gpu
