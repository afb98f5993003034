// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/runtime.cuh - memory of the GPU, copies and facts: CUDA's under nvcc, the emulator's
// elsewhere.
// A stream is passed as void*: nullptr is the default stream. Copies and fills are ordered by their
// stream; the host may rely on them after synchronize().
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtl/base/error.hpp"
#include "qtl/base/fixed_text.hpp"
#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu {

/// What select.hpp and people want to know of the GPU in use.
struct properties {
  fixed_text<64> name;
  gpu_target target = gpu_target::sm_80;
  int multiprocessors = 0;
  std::int64_t shared_per_block = 0;
  std::int64_t l2_bytes = 0;
};

/// The newest target whose kernels a GPU of this compute capability runs, as 10 * major + minor.
inline result<gpu_target> target_of_capability(int capability) {
  if (capability >= 120) return gpu_target::sm_120a;
  if (capability >= 110) return failure(error_code::unsupported, "device", "no kernels for sm_110");
  if (capability >= 100) return gpu_target::sm_100a;
  if (capability >= 90) return gpu_target::sm_90a;
  if (capability >= 89) return gpu_target::sm_89;
  if (capability >= 80) return gpu_target::sm_80;
  return mismatch("device", "the compute capability (times ten)", -1, 80, capability,
                  error_code::unsupported);
}

#if !QTL_GPU_EMULATED
namespace detail {

/// CUDA's answer as a status.
inline status status_of(cudaError_t e, const char* operand) {
  if (e == cudaSuccess) return {};
  const bool memory = e == cudaErrorMemoryAllocation;
  return failure(memory ? error_code::out_of_memory : error_code::device_failed, operand,
                 cudaGetErrorString(e));
}

inline cudaStream_t stream_of(void* stream) { return static_cast<cudaStream_t>(stream); }

/// One attribute of the current device; 0 after the first failure, which `s` keeps.
inline int attribute(cudaDeviceAttr which, status& s) {
  int device = 0, value = 0;
  if (s.ok()) s = status_of(cudaGetDevice(&device), "device");
  if (s.ok()) s = status_of(cudaDeviceGetAttribute(&value, which, device), "device");
  return s.ok() ? value : 0;
}

inline int capability(status& s) {
  const int major = attribute(cudaDevAttrComputeCapabilityMajor, s);
  return 10 * major + attribute(cudaDevAttrComputeCapabilityMinor, s);
}

}  // namespace detail
#endif

/// The target of the current device.
inline result<gpu_target> device_target() {
#if QTL_GPU_EMULATED
  return emulated::visible_target();
#else
  status s;
  const int capability = detail::capability(s);
  if (!s.ok()) return s;
  return target_of_capability(capability);
#endif
}

/// Facts about the current device.
inline result<properties> device_properties() {
  result<gpu_target> target = device_target();
  if (!target.ok()) return target.why();
  properties p;
  p.target = *target;
#if QTL_GPU_EMULATED
  p.name.append("emulated ").append(to_string(*target));
  p.multiprocessors = 4;
  p.shared_per_block = shared_limit(*target);
  p.l2_bytes = std::int64_t{1} << 20;
#else
  status s;
  p.multiprocessors = detail::attribute(cudaDevAttrMultiProcessorCount, s);
  p.shared_per_block = detail::attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, s);
  p.l2_bytes = detail::attribute(cudaDevAttrL2CacheSize, s);
  if (!s.ok()) return s;
  int device = 0;
  cudaDeviceProp all;
  if (s = detail::status_of(cudaGetDevice(&device), "device"); !s.ok()) return s;
  if (s = detail::status_of(cudaGetDeviceProperties(&all, device), "device"); !s.ok()) return s;
  p.name.append(all.name);
#endif
  return p;
}

/// `bytes` of memory of the GPU, aligned to 256; nullptr for 0 bytes.
inline result<void*> allocate(std::int64_t bytes) {
  if (bytes < 0)
    return mismatch("bytes", "the size of an allocation", -1, 0, bytes,
                    error_code::invalid_argument);
  void* pointer = nullptr;
  if (bytes == 0) return pointer;
#if QTL_GPU_EMULATED
  pointer = emulated::allocate(static_cast<std::size_t>(bytes));
  if (pointer == nullptr) return failure(error_code::out_of_memory, "bytes", "no memory is left");
#else
  const cudaError_t e = cudaMalloc(&pointer, static_cast<std::size_t>(bytes));
  if (e != cudaSuccess) return detail::status_of(e, "bytes");
#endif
  return pointer;
}

/// Gives back what allocate() returned.
inline void release(void* pointer) {
#if QTL_GPU_EMULATED
  emulated::release(pointer);
#else
  cudaFree(pointer);
#endif
}

/// Copies from the host's memory to the GPU's.
inline status copy_to_device(void* to, const void* from, std::int64_t bytes,
                             [[maybe_unused]] void* stream = nullptr) {
  const auto size = static_cast<std::size_t>(bytes);
#if QTL_GPU_EMULATED
  return emulated::host_write(to, from, size);
#else
  return detail::status_of(
      cudaMemcpyAsync(to, from, size, cudaMemcpyHostToDevice, detail::stream_of(stream)), "to");
#endif
}

/// Copies from the GPU's memory to the host's.
inline status copy_to_host(void* to, const void* from, std::int64_t bytes,
                           [[maybe_unused]] void* stream = nullptr) {
  const auto size = static_cast<std::size_t>(bytes);
#if QTL_GPU_EMULATED
  return emulated::host_read(to, from, size);
#else
  return detail::status_of(
      cudaMemcpyAsync(to, from, size, cudaMemcpyDeviceToHost, detail::stream_of(stream)), "from");
#endif
}

/// Sets every byte of the GPU's memory.
inline status fill(void* pointer, std::uint8_t byte, std::int64_t bytes,
                   [[maybe_unused]] void* stream = nullptr) {
  const auto size = static_cast<std::size_t>(bytes);
#if QTL_GPU_EMULATED
  return emulated::host_fill(pointer, byte, size);
#else
  return detail::status_of(cudaMemsetAsync(pointer, byte, size, detail::stream_of(stream)),
                           "pointer");
#endif
}

/// Waits for the stream and returns what went wrong in it.
inline status synchronize([[maybe_unused]] void* stream = nullptr) {
#if QTL_GPU_EMULATED
  return {};
#else
  return detail::status_of(cudaStreamSynchronize(detail::stream_of(stream)), "stream");
#endif
}

}  // namespace qtl::inline v0::gpu
