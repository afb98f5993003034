// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/backend.cuh - defines the members of gpu_backend, kernels and all.
// Included by exactly one file of a program: a .cu, or a .cpp that is linked with the emulator.
// Every other file includes "qtl/gpu.hpp" and needs no nvcc. With QTL_SEPARATE_KERNELS defined, the
// kernels are compiled by the files that include qtl/gpu/separate/*.cuh, one each, side by side.
#pragma once

#include "qtl/backend/gpu/gpu_backend.hpp"
#include "qtl/gpu/host/device.cuh"
#include "qtl/gpu/host/kernel_group.cuh"
#include "qtl/gpu/host/kernel_list.cuh"
#include "qtl/gpu/host/quantizer_list.cuh"

namespace qtl::inline v0 {

#if defined(QTL_SEPARATE_KERNELS)
extern template struct gpu::kernel_group<gpu::hopper_entries>;
extern template struct gpu::kernel_group<gpu::hopper_fp8_entries>;
extern template struct gpu::kernel_group<gpu::integer_entries>;
extern template struct gpu::kernel_group<gpu::fp8_entries>;
extern template struct gpu::kernel_group<gpu::f16_entries>;
extern template struct gpu::kernel_group<gpu::bf16_entries>;
extern template struct gpu::quantizer_group<gpu::integer_activations>;
extern template struct gpu::quantizer_group<gpu::real_activations>;
#endif

/// As gpu_backend.hpp says, and so the others.
std::span<const gemm_kernel> gpu_backend::kernels() {
  using namespace gpu;
  const result<int> target = running_target();
  return kernels_for<kernel_group<hopper_entries>, kernel_group<hopper_fp8_entries>,
                     kernel_group<integer_entries>, kernel_group<fp8_entries>,
                     kernel_group<f16_entries>, kernel_group<bf16_entries>>(target.ok() ? *target
                                                                                        : 0);
}

/// Likewise.
std::span<const device_quantizer> gpu_backend::quantizers() {
  using namespace gpu;
  return quantizers_of<quantizer_group<integer_activations>, quantizer_group<real_activations>>();
}

/// Likewise.
result<device_facts> gpu_backend::facts() { return gpu::backend_memory::facts(); }

/// Likewise.
result<void*> gpu_backend::allocate(std::int64_t bytes) {
  return gpu::backend_memory::allocate(bytes);
}

/// Likewise.
void gpu_backend::release(void* memory) { gpu::backend_memory::release(memory); }

/// Likewise.
status gpu_backend::copy_to_device(void* to, const void* from, std::int64_t bytes, void* stream) {
  return gpu::backend_memory::copy_to_device(to, from, bytes, stream);
}

/// Likewise.
status gpu_backend::copy_to_host(void* to, const void* from, std::int64_t bytes, void* stream) {
  return gpu::backend_memory::copy_to_host(to, from, bytes, stream);
}

/// Likewise.
status gpu_backend::synchronize(void* stream) { return gpu::backend_memory::synchronize(stream); }

}  // namespace qtl::inline v0
