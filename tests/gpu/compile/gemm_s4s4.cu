// SPDX-License-Identifier: Apache-2.0
// targets: 80 89; expects: mma.sync.aligned.m16n8k64.row.col.s32.s4.s4.s32,
// mma.sync.aligned.m16n8k64.row.col.s32.u4.s4.s32, cp.async.cg.shared.global
// Every tiling of the 4-bit integer product, and one for all pairs of formats. Later targets have
// no such instruction and expand it.
#include "qtl/gpu/host/launch.cuh"
#include "qtl/gpu/kernel/gemm_s4s4.cuh"

using namespace qtl;

template<class X, class W, class Tilings>
void launch_all(Tilings tilings) {
  for_each_type(tilings, [&]<class Config>() {
    using kernel = gpu::gemm_s4s4<Config, X, W>;
    static_cast<void>(gpu::launch<kernel>(typename kernel::params{}));
  });
}

void launch_products() {
  using one = type_list<gpu::tile_16x64x128_6stages>;
  launch_all<s4, s4>(gpu::s4s4_tilings{});
  launch_all<s4, u4>(one{});
  launch_all<u4, s4>(one{});
  launch_all<u4, u4>(one{});
}
