// targets: 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32,
// mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32, cp.async.cg.shared.global
// Every tiling of the FP8 products whose scales are constant along k, for all pairs of formats.
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

template<class X, class W>
void launch_both() {
  launch_all<X, W, gpu::fp8_sums_kind::promoted>(gpu::fp8_promoted_tilings{});
  launch_all<X, W, gpu::fp8_sums_kind::running>(gpu::fp8_running_tilings{});
}

void launch_products() {
  launch_both<e4m3, e4m3>();
  launch_both<e4m3, e5m2>();
  launch_both<e5m2, e4m3>();
  launch_both<e5m2, e5m2>();
}
