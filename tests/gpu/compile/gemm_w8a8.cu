// SPDX-License-Identifier: Apache-2.0
// targets: 80 89 90a 100a 120a; expects: mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32,
// mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32, cp.async.cg.shared.global,
// ldmatrix.sync.aligned.m8n8.x4 Every tiling of the 8-bit integer product; one of them for all
// pairs of formats, which differ in the instruction's name only.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_w8a8.cuh"

using namespace qtl;

template<class X, class W, class Tilings>
void launch_all(Tilings tilings) {
  for_each_type(tilings, [&]<class Config>() {
    using kernel = gpu::gemm_w8a8<Config, X, W>;
    static_cast<void>(gpu::launch<kernel>(typename kernel::params{}));
  });
}

void launch_products() {
  using one = type_list<gpu::tile_16x64x128_6stages>;
  launch_all<s8, s8>(gpu::w8a8_tilings{});
  launch_all<s8, u8>(one{});
  launch_all<u8, s8>(one{});
  launch_all<u8, u8>(one{});
}
