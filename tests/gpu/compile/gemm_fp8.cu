// SPDX-License-Identifier: Apache-2.0
// targets: 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32,
// mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32, cp.async.cg.shared.global
// Every tiling of the FP8 products whose scales are constant along k, and one for all pairs of
// formats.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_fp8.cuh"

using namespace qtl;

template<class X, class W, gpu::fp8_sums_kind Kind, class Tilings>
void launch_all(Tilings tilings) {
  for_each_type(tilings, [&]<class Config>() {
    using kernel = gpu::gemm_fp8<Config, X, W, Kind>;
    static_cast<void>(gpu::launch<kernel>(typename kernel::params{}));
  });
}

void launch_products() {
  using enum gpu::fp8_sums_kind;
  using one = type_list<gpu::tile_16x64x128_6stages>;
  launch_all<e4m3, e4m3, running>(gpu::fp8_running_tilings{});
  launch_all<e4m3, e4m3, promoted>(gpu::fp8_promoted_tilings{});
  launch_all<e4m3, e5m2, promoted>(one{});
  launch_all<e5m2, e4m3, promoted>(one{});
  launch_all<e5m2, e5m2, promoted>(one{});
}
