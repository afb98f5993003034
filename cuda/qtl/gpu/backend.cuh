// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/backend.cuh - defines the members of gpu_backend, kernels and all.
// Included by exactly one file of a program: a .cu, or a .cpp that is linked with the emulator. Every
// other file includes "qtl/gpu.hpp" and needs no nvcc.
#pragma once

#include "qtl/backend/gpu/gpu_backend.hpp"
#include "qtl/gpu/host/kernel_list.cuh"
#include "qtl/gpu/host/quantizer_list.cuh"
#include "qtl/gpu/host/runtime.cuh"

namespace qtl::inline v0 {

namespace gpu {

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

/// The newest of the built targets whose code the current device runs. Error: unsupported, naming
/// what there is and what there is not.
inline result<int> running_target() {
  const result<int> capability = device_capability();
  if (!capability.ok()) return capability.why();
  const int target = best_target(built_targets(), *capability);
  if (target != 0) return target;
  status s = mismatch("device", "compute capability times 100", -1, 0, *capability,
                      error_code::unsupported);
  s.message = fixed_text<256>("device: this program was built for ");
  s.message.append(targets_text(built_targets()).view()).append(", and the device has compute capability ");
  s.message.append(*capability / 100).append(".").append(*capability / 10 % 10);
  return s;
}

}  // namespace gpu

std::span<const gemm_kernel> gpu_backend::kernels() {
  const result<int> target = gpu::running_target();
  return gpu::kernels_for(target.ok() ? *target : 0);
}

std::span<const device_quantizer> gpu_backend::quantizers() {
  const result<int> target = gpu::running_target();
  return target.ok() ? gpu::all_quantizers() : std::span<const device_quantizer>{};
}

result<device_facts> gpu_backend::facts() {
  const result<int> target = gpu::running_target();
  if (!target.ok()) return target.why();
  const result<gpu::properties> p = gpu::device_properties();
  if (!p.ok()) return p.why();
  const result<int> capability = gpu::device_capability();
  if (!capability.ok()) return capability.why();
  return device_facts{p->name,          *capability,         *target,
                      p->multiprocessors, p->shared_per_block, p->l2_bytes};
}

result<void*> gpu_backend::allocate(std::int64_t bytes) { return gpu::allocate(bytes); }

void gpu_backend::release(void* memory) { gpu::release(memory); }

status gpu_backend::copy_to_device(void* to, const void* from, std::int64_t bytes, void* stream) {
  return gpu::copy_to_device(to, from, bytes, stream);
}

status gpu_backend::copy_to_host(void* to, const void* from, std::int64_t bytes, void* stream) {
  const status s = gpu::copy_to_host(to, from, bytes, stream);
  return s.ok() ? gpu::synchronize(stream) : s;
}

status gpu_backend::synchronize(void* stream) { return gpu::synchronize(stream); }

}  // namespace qtl::inline v0
