// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/launch.cuh - starts a kernel: the library's one __global__ function.
// A kernel K has: params, name, threads, min_blocks, least_target, shared_bytes, grid(params) and
// run(params). It may have: only_target (the one target that runs it), cluster_blocks (blocks of a
// cluster, along x), overlaps_previous_grid (true: it may start before the kernel before it in the
// stream has ended, and calls wait_for_previous_grid() itself).
#pragma once

#include <atomic>
#include <cstdint>

#include "qtl/base/error.hpp"
#include "qtl/gpu/host/runtime.cuh"
#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu {

/// Blocks of a cluster of K.
template<class K>
constexpr unsigned cluster_blocks_of() {
  if constexpr (requires { K::cluster_blocks; })
    return static_cast<unsigned>(K::cluster_blocks);
  else
    return 1;
}

/// Whether the target runs K.
template<class K>
QTL_HOST_DEVICE constexpr bool runs_on(int sm) {
  if constexpr (requires { K::only_target; })
    if (sm != static_cast<int>(K::only_target)) return false;
  return sm >= static_cast<int>(K::least_target);
}

#if !QTL_GPU_EMULATED

/// Runs K where this pass of the compiler is for one of its targets. The host refuses the others
/// before a launch, so the trap tells of a build that left out the GPU's target.
template<class K>
__global__ void __launch_bounds__(K::threads, K::min_blocks)
    run_kernel(const __grid_constant__ typename K::params p) {
  if constexpr (runs_on<K>(compiled_sm))
    K::run(p);
  else
    asm volatile("trap;");
}

namespace detail {

/// Makes K ready for a device: whether its code is for it, and how much shared memory it may ask
/// for.
template<class K>
status make_ready() {
  const result<gpu_target> target = device_target();
  if (!target.ok()) return target.why();
  if (!runs_on<K>(static_cast<int>(*target)))
    return failure(error_code::unsupported, K::name.c_str(), "is not for this GPU");
  if constexpr (K::shared_bytes > 48 * 1024)
    return status_of(
        cudaFuncSetAttribute(run_kernel<K>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(K::shared_bytes)),
        "launch");
  return {};
}

/// make_ready() at the first launch on each of the first 64 devices: asking the driver takes
/// longer than launching. It may be done twice, never too late.
template<class K>
status make_ready_once() {
  static std::atomic<std::uint64_t> devices = 0;
  int device = 0;
  if (const status s = status_of(cudaGetDevice(&device), "device"); !s.ok()) return s;
  const std::uint64_t bit = device < 64 ? std::uint64_t{1} << device : 0;
  if ((devices.load(std::memory_order_relaxed) & bit) != 0) return {};
  const status s = make_ready<K>();
  if (s.ok()) devices.fetch_or(bit, std::memory_order_relaxed);
  return s;
}

template<class K>
status launch_on_device(const typename K::params& p, const dim& grid, cudaStream_t stream) {
  cudaLaunchConfig_t how{};
  how.gridDim = dim3(grid.x, grid.y, grid.z);
  how.blockDim = dim3(static_cast<unsigned>(K::threads));
  how.dynamicSmemBytes = K::shared_bytes;
  how.stream = stream;
  cudaLaunchAttribute attributes[2]{};
  how.attrs = attributes;
  if constexpr (cluster_blocks_of<K>() > 1) {
    cudaLaunchAttribute& cluster = attributes[how.numAttrs++];
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = cluster_blocks_of<K>();
    cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
  }
  if constexpr (requires { K::overlaps_previous_grid; }) {
    cudaLaunchAttribute& overlap = attributes[how.numAttrs++];
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = K::overlaps_previous_grid ? 1 : 0;
  }
  return status_of(cudaLaunchKernelEx(&how, run_kernel<K>, p), "launch");
}

}  // namespace detail

#endif

/// Starts K on the stream. An empty grid is no launch.
template<class K>
status launch(const typename K::params& p, [[maybe_unused]] void* stream = nullptr) {
  static_assert(K::threads % 32 == 0 && K::threads <= 1024 && K::min_blocks >= 1,
                "a block has whole warps, at most 32 of them");
  const dim grid = K::grid(p);
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return {};
#if QTL_GPU_EMULATED
  emulated::launch_order order;
  order.kernel = K::name.c_str();
  order.grid = grid;
  order.threads = static_cast<unsigned>(K::threads);
  order.cluster_blocks = cluster_blocks_of<K>();
  order.shared_bytes = K::shared_bytes;
  order.least_target = K::least_target;
  if constexpr (requires { K::only_target; }) order.only_target = static_cast<int>(K::only_target);
  order.run = [](const void* params) { K::run(*static_cast<const typename K::params*>(params)); };
  order.params = &p;
  return emulated::launch(order);
#else
  if (const status s = detail::make_ready_once<K>(); !s.ok()) return s;
  return detail::launch_on_device<K>(p, grid, detail::stream_of(stream));
#endif
}

}  // namespace qtl::inline v0::gpu
