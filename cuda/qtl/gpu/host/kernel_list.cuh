// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/kernel_list.cuh - the products of the GPU backend, in order of preference.
// Holds: gemm_entries and the groups it is made of, each of which may be compiled in a file of its own.
// To add a kernel: its entry here.
#pragma once

#include "qtl/gpu/host/fp8_entry.cuh"
#include "qtl/gpu/host/hopper_entry.cuh"
#include "qtl/gpu/host/s4s4_entry.cuh"
#include "qtl/gpu/host/w8a8_entry.cuh"
#include "qtl/gpu/host/weight_only_sm90_entry.cuh"

namespace qtl::inline v0::gpu {

/// Packed weights times 16-bit activations of format X. Those that name sm90 come first: each runs
/// the plain one's kernels as well.
template<class X>
using sixteen_bit_entries = type_list<
    weight_only_sm90_entry<s8, X>, weight_only_sm90_entry<e4m3, X>, weight_only_sm90_entry<s4, X>,
    weight_only_sm90_entry<s4, X, f16>, weight_only_sm90_entry<u4, X, f16, true>,
    weight_only_sm90_entry<e2m1, X, e8m0>, weight_only_sm90_entry<nf4, X, f32>,
    weight_only_entry<s8, X>, weight_only_entry<e4m3, X>, weight_only_entry<e4m3, X, e8m0>,
    weight_only_entry<s4, X>, weight_only_entry<s4, X, f16>, weight_only_entry<u4, X, f16, true>,
    weight_only_entry<s3, X, f16>, weight_only_entry<u2, X, f16, true>,
    weight_only_entry<e2m1, X, e8m0>, weight_only_entry<e2m1, X, e4m3>,
    weight_only_entry<nf4, X, f32>, weight_only_entry<fp4_bnb, X, f32>>;

/// Integers on both sides.
using integer_entries =
    type_list<weight_only_sm90_entry<s4, s8>, weight_only_sm90_entry<s4, s8, f32>,
              w8a8_entry<s8, s8>, w8a8_entry<u8, s8>, w8a8_entry<u8, u8>, w8a8_entry<s8, u8>,
              s4s4_entry<s4, s4>, weight_only_entry<s4, s8>, weight_only_entry<s4, s8, f32>>;

/// 8 bits on both sides, on Hopper.
using hopper_entries = type_list<w8a8_sm90_entry<s8, s8>, w8a8_sm90_entry<u8, s8>>;
/// Likewise, FP8.
using hopper_fp8_entries =
    type_list<fp8_sm90_entry<e4m3, e4m3>, fp8_sm90_entry<e5m2, e5m2>,
              fp8_block_sm90_entry<e4m3, e4m3>, fp8_group_sm90_entry<e4m3, e4m3>,
              weight_only_fp8_entry<s4>, weight_only_fp8_entry<s4, f32>>;

/// FP8 on both sides.
using fp8_entries = type_list<fp8_entry<e4m3, e4m3>, fp8_entry<e5m2, e5m2>,
                              fp8_block_entry<e4m3, e4m3>, fp8_block_entry<e4m3, e4m3, 1>>;

/// Every entry; docs/support_matrix.md is written from it.
using f16_entries = sixteen_bit_entries<f16>;
using bf16_entries = sixteen_bit_entries<bf16>;
using gemm_entries = concatenated<hopper_entries, hopper_fp8_entries, integer_entries, fp8_entries,
                                  f16_entries, bf16_entries>;

}  // namespace qtl::inline v0::gpu
