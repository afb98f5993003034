// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/target.cuh - which compiler reads this file, and which GPU it compiles for.
// Holds: QTL_GPU_EMULATED, QTL_DEVICE, gpu_target, compiled_sm, target_has, shared_limit, dim.
// One source, two compilers: nvcc takes the device branches, any C++20 compiler takes the emulated
// ones, which call the services of emulated.hpp.
#pragma once

#include <cstdint>
#include <limits>

#include "qtl/base/config.hpp"

/// 0 under nvcc, 1 elsewhere: a kernel then runs on the CPU, one fiber for each of its threads.
#if defined(__CUDACC__)
#define QTL_GPU_EMULATED 0
#else
#define QTL_GPU_EMULATED 1
#endif

/// Marks a function that runs on the GPU, real or emulated.
#if QTL_GPU_EMULATED
#define QTL_DEVICE inline
#else
#define QTL_DEVICE __device__ __forceinline__
#endif

namespace qtl::inline v0::gpu {

/// The GPUs that kernels are written for; the value is the compiler's number.
enum class gpu_target : int {
  sm_80 = 800,
  sm_89 = 890,
  sm_90a = 900,
  sm_100a = 1000,
  sm_120a = 1200
};

/// The target's name as compilers spell it.
constexpr const char* to_string(gpu_target target) {
  switch (target) {
    case gpu_target::sm_80:
      return "sm_80";
    case gpu_target::sm_89:
      return "sm_89";
    case gpu_target::sm_90a:
      return "sm_90a";
    case gpu_target::sm_100a:
      return "sm_100a";
    case gpu_target::sm_120a:
      return "sm_120a";
  }
  return "an unknown target";
}

/// The compiled_sm of the emulated pass: its target is known at run time only, where
/// emulated::require asks for it.
inline constexpr int any_sm = std::numeric_limits<int>::max();

#if defined(__CUDA_ARCH__)
/// The target of this pass of the compiler.
inline constexpr int compiled_sm = __CUDA_ARCH__;
#else
/// The target of this pass of the compiler: 0 in nvcc's host pass.
inline constexpr int compiled_sm = QTL_GPU_EMULATED ? any_sm : 0;
#endif

/// Whether a pass for `sm` may use what `least` introduced; `only`, where not 0, is the one target
/// that has it. For the static_assert of an instruction: true in the host and the emulated pass.
QTL_HOST_DEVICE constexpr bool target_has(int sm, int least, int only = 0) {
  if (sm == 0 || sm == any_sm) return true;
  return sm >= least && (only == 0 || sm == only);
}

/// Bytes of shared memory that one block may have.
QTL_HOST_DEVICE constexpr std::uint32_t shared_limit(gpu_target target) {
  switch (target) {
    case gpu_target::sm_80:
      return 163 * 1024;
    case gpu_target::sm_90a:
    case gpu_target::sm_100a:
      return 227 * 1024;
    case gpu_target::sm_89:
    case gpu_target::sm_120a:
      break;
  }
  return 99 * 1024;
}

/// Extents of a grid, or a place in it.
struct dim {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;
};

}  // namespace qtl::inline v0::gpu
