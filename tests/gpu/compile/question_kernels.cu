// SPDX-License-Identifier: Apache-2.0
// tests/gpu/compile/question_kernels.cu - the benchmark's questions through nvcc: a loop of
// products that spills or waits would not answer what it is asked.
// targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n256k32.s32.s8.s8,
// cp.async.bulk.tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes.L2::cache_hint,
// cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes,
// cp.async.cg.shared.global.L2::cache_hint;
#include "../../../bench/gpu/question_kernels.cuh"

namespace qtl::inline v0::gpu {

using qtl_bench::stream_kind;
using qtl_bench::weight_stream;

template status launch<qtl_bench::product_loop>(const qtl_bench::product_loop::params&, void*);
template status launch<weight_stream<stream_kind::boxes, 12>>(
    const weight_stream<stream_kind::boxes, 12>::params&, void*);
template status launch<weight_stream<stream_kind::lines, 12>>(
    const weight_stream<stream_kind::lines, 12>::params&, void*);
template status launch<weight_stream<stream_kind::copies, 12>>(
    const weight_stream<stream_kind::copies, 12>::params&, void*);

}  // namespace qtl::inline v0::gpu
