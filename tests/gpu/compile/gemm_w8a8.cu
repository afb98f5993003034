// targets: 80 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32,
// mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32, cp.async.cg.shared.global, ldmatrix.sync.aligned.m8n8.x4
// Every tiling of the 8-bit integer product, for all pairs of formats.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_w8a8.cuh"

using namespace qtl;

template<class X, class W>
void launch_all() {
  for_each_type(gpu::w8a8_tilings{}, [&]<class Config>() {
    using kernel = gpu::gemm_w8a8<Config, X, W>;
    static_cast<void>(gpu::launch<kernel>(typename kernel::params{}));
  });
}

void launch_products() {
  launch_all<s8, s8>();
  launch_all<s8, u8>();
  launch_all<u8, s8>();
  launch_all<u8, u8>();
}
