// SPDX-License-Identifier: Apache-2.0
// qtl/backend/gpu/gpu_backend.hpp - NVIDIA tensor cores as a backend, declared for plain C++.
// Holds: gpu_backend. Its members are defined by the one file of the program that includes
// "qtl/gpu/backend.cuh": a .cu that nvcc compiles, or a .cpp where the emulator stands in
// (docs/gpu.md).
#pragma once

#include "qtl/backend/gpu/device_backend.hpp"

namespace qtl::inline v0 {

/// Products on the current CUDA device. A pair without a kernel is refused when the layer is made:
/// nothing falls back to something slow.
struct gpu_backend {
  static constexpr short_name name = "gpu";

  /// The kernels that run on the current device, in order of preference; none where there is none.
  static std::span<const gemm_kernel> kernels();
  /// What quantizes activations there.
  static std::span<const device_quantizer> quantizers();
  /// The current device. Error: unsupported, where there is none, or none that this program was
  /// built for.
  static result<device_facts> facts();

  /// At least `bytes` bytes, 256-byte aligned. Error: out_of_memory.
  static result<void*> allocate(std::int64_t bytes);
  /// Gives back what allocate() gave; null is nothing.
  static void release(void* memory);
  /// Copies in stream order; `from` may be changed once this has returned.
  static status copy_to_device(void* to, const void* from, std::int64_t bytes, void* stream);
  /// Copies in stream order and waits for it.
  static status copy_to_host(void* to, const void* from, std::int64_t bytes, void* stream);
  /// Waits for all that was put into the stream.
  static status synchronize(void* stream);
};

}  // namespace qtl::inline v0
