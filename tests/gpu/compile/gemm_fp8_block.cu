// SPDX-License-Identifier: Apache-2.0
// targets: 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32,
// mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32, cp.async.cg.shared.global
// Every tiling of the FP8 product whose scales are of blocks.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_fp8.cuh"

using namespace qtl;

template<class X, class W, int ScaleRows, class Tilings>
void launch_all(Tilings tilings) {
  for_each_type(tilings, [&]<class Config>() {
    using kernel = gpu::gemm_fp8_block<Config, X, W, ScaleRows>;
    static_cast<void>(gpu::launch<kernel>(typename kernel::params{}));
  });
}

void launch_products() {
  launch_all<e4m3, e4m3, 128>(gpu::fp8_block_tilings{});
  launch_all<e4m3, e4m3, 1>(gpu::fp8_block_tilings{});
  launch_all<e5m2, e4m3, 128>(type_list<gpu::tile_16x64x128_6stages>{});
}
