// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/hopper_instructions.cu - every instruction of Hopper once, so that ptxas reads
// every asm string.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n8k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n16k32.s32.s8.u8,
// wgmma.mma_async.sync.aligned.m64n24k32.s32.u8.s8,
// wgmma.mma_async.sync.aligned.m64n256k32.s32.s8.s8,
// wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3,
// wgmma.mma_async.sync.aligned.m64n32k32.f32.e5m2.e5m2,
// wgmma.mma_async.sync.aligned.m64n48k16.f32.f16.f16,
// wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16, wgmma.fence.sync.aligned,
// wgmma.commit_group.sync.aligned, wgmma.wait_group.sync.aligned, setmaxnreg.dec.sync.aligned.u32,
// setmaxnreg.inc.sync.aligned.u32,
// cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster;
// targets: 100a 120a; expects: cp.async.bulk.tensor.1d.shared::cta.global.mbarrier::complete_tx::bytes,
// cp.async.bulk.tensor.2d.global.shared::cta.bulk_group, cp.async.bulk.shared::cta.global,
// mbarrier.try_wait.parity.shared::cta.b64, mbarrier.arrive.expect_tx.shared::cta.b64,
// mbarrier.arrive.release.cluster.shared::cluster.b64, fence.proxy.async.shared::cta,
// fence.mbarrier_init.release.cluster, prefetch.tensormap, elect.sync, griddepcontrol.wait,
// griddepcontrol.launch_dependents, barrier.cluster.arrive.release.aligned,
// barrier.cluster.wait.acquire.aligned, mapa.shared::cluster.u32; Nothing here runs. wgmma is on
// sm_90a alone.
#include "qtl/gpu/ptx/bulk.cuh"
#include "qtl/gpu/ptx/cluster.cuh"
#include "qtl/gpu/ptx/elect.cuh"
#include "qtl/gpu/ptx/fence.cuh"
#include "qtl/gpu/ptx/grid_dependency.cuh"
#include "qtl/gpu/ptx/mbarrier.cuh"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"
#include "qtl/gpu/ptx/setmaxnreg.cuh"
#include "qtl/gpu/ptx/tma.cuh"
#include "qtl/gpu/ptx/wgmma.cuh"

namespace {

using namespace qtl::gpu;
using namespace qtl::gpu::ptx;

/// Two products into the same accumulators, A from shared memory and from registers.
template<int N, class A, class B>
__device__ void multiply(wgmma_accumulator<A>* out, std::uint32_t tile) {
  wgmma_accumulator<A> d[N / 2] = {};
  std::uint32_t a[4] = {tile, tile + 1, tile + 2, tile + 3};
  const std::uint64_t left = wgmma_descriptor(tile, shared_swizzle::bytes_128);
  const std::uint64_t right = wgmma_advance(left, 32);
  keep_registers(d);
  keep_registers(a);
  wgmma_fence();
  wgmma<N, A, B>(d, left, right, false);
  wgmma<N, A, B>(d, a, right, true);
  wgmma_commit();
  wgmma_wait<0>();
  keep_registers(d);
  for (int i = 0; i < N / 2; ++i) out[i * 128 + static_cast<int>(thread_index())] = d[i];
}

template<int N, class A, class B>
__global__ void __launch_bounds__(128, 1) wgmma_kernel(wgmma_accumulator<A>* out) {
  if constexpr (compiled_sm == 900) multiply<N, A, B>(out, shared_base());
}

template __global__ void wgmma_kernel<8, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<16, qtl::s8, qtl::u8>(std::int32_t*);
template __global__ void wgmma_kernel<24, qtl::u8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<32, qtl::u8, qtl::u8>(std::int32_t*);
template __global__ void wgmma_kernel<48, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<64, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<96, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<128, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<160, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<192, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<256, qtl::s8, qtl::s8>(std::int32_t*);
template __global__ void wgmma_kernel<8, qtl::e4m3, qtl::e4m3>(float*);
template __global__ void wgmma_kernel<16, qtl::e4m3, qtl::e5m2>(float*);
template __global__ void wgmma_kernel<24, qtl::e5m2, qtl::e4m3>(float*);
template __global__ void wgmma_kernel<32, qtl::e5m2, qtl::e5m2>(float*);
template __global__ void wgmma_kernel<48, qtl::f16, qtl::f16>(float*);
template __global__ void wgmma_kernel<64, qtl::bf16, qtl::bf16>(float*);
template __global__ void wgmma_kernel<96, qtl::f16, qtl::f16>(float*);
template __global__ void wgmma_kernel<128, qtl::e4m3, qtl::e4m3>(float*);
template __global__ void wgmma_kernel<160, qtl::bf16, qtl::bf16>(float*);
template __global__ void wgmma_kernel<192, qtl::e4m3, qtl::e4m3>(float*);
template __global__ void wgmma_kernel<256, qtl::bf16, qtl::bf16>(float*);

template<int Sm = compiled_sm>
__device__ void copy_boxes(const tensor_map& row, const tensor_map& matrix, std::uint32_t barrier,
                           std::uint32_t tile, std::uint16_t ranks) {
  prefetch_tensor_map(row);
  tma_load_1d(tile, row, barrier, 0);
  tma_load_2d(tile, matrix, barrier, 0, 64);
  tma_load_2d(tile, matrix, barrier, 0, 64, l2_evict_first());
  if constexpr (Sm != 1200) {
    tma_load_2d_multicast(tile, matrix, barrier, 0, 64, ranks);
    tma_load_2d_multicast(tile, matrix, barrier, 0, 64, ranks, l2_evict_last());
  }
  fence_async_shared();
  tma_store_1d(row, tile, 0);
  tma_store_2d(matrix, tile, 0, 64);
}

__global__ void copy_kernel(const __grid_constant__ tensor_map row,
                            const __grid_constant__ tensor_map matrix, std::int32_t* data) {
  if constexpr (compiled_sm >= 900) {
    wait_for_previous_grid();
    const std::uint32_t barrier = shared_base();
    const std::uint32_t tile = barrier + 1024;
    mbarrier_init(barrier, 2);
    fence_mbarrier_init();
    cluster_barrier();
    if (elect_one()) {
      mbarrier_arrive_expect_tx(barrier, 64);
      mbarrier_expect_tx(barrier, 64);
      copy_boxes(row, matrix, barrier, tile, 3);
      bulk_load(tile, data, 64, barrier);
      fence_async();
      bulk_store(data + 64, tile, 64);
      bulk_commit();
      bulk_wait_read<1>();
      bulk_wait<0>();
    }
    mbarrier_arrive_remote(barrier, cluster_rank() ^ 1);
    mbarrier_arrive(barrier);
    mbarrier_wait(barrier, 0);
    const std::uint32_t there = map_shared(tile, cluster_blocks() - 1);
    store_cluster(there, load_cluster<std::int32_t>(there) + 1);
    cluster_barrier();
    mbarrier_invalidate(barrier);
    let_next_grid_start();
  }
}

/// Two roles of one warpgroup each, as setmaxnreg wants them.
__global__ void __launch_bounds__(256, 1) roles_kernel(std::int32_t* out) {
  if constexpr (compiled_sm >= 900) {
    if (thread_index() < 128) {
      give_registers<40>();
    } else {
      take_registers<208>();
      store_global(out + thread_index(), 1);
    }
  }
}

}  // namespace

/// Names the kernels, so that none is dropped as unused.
const void* hopper_kernels[] = {reinterpret_cast<const void*>(&copy_kernel),
                                reinterpret_cast<const void*>(&roles_kernel)};
