// SPDX-License-Identifier: Apache-2.0
// tests/gpu/covered_weights.hpp - which weights the kernels of packed weights are tested with.
// Holds: weight_product and the lists of them, one for each file of tests.
#pragma once

#include "qtl/base/type_list.hpp"
#include "qtl/format/formats.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl_test {

/// Weights of policy W times activations of format X.
template<class W, class X>
struct weight_product {
  using weight = W;
  using activation = X;
};

namespace covered {

using qtl::affine, qtl::bf16, qtl::f16, qtl::per_channel, qtl::per_group, qtl::policy, qtl::s8,
    qtl::scaled_by, qtl::symmetric, qtl::type_list;

/// Integers of 2 to 4 bits, 16-bit activations.
using w4a16 =
    type_list<weight_product<qtl::w4a16_g32::weight, f16>, weight_product<qtl::w4a16::weight, bf16>,
              weight_product<policy<qtl::s4, symmetric, per_group<64>, scaled_by<bf16>>, bf16>,
              weight_product<policy<qtl::s4, symmetric, per_group<64>>, f16>,
              weight_product<policy<qtl::s4, symmetric, per_channel>, f16>,
              weight_product<policy<qtl::s4, symmetric, per_channel>, bf16>,
              weight_product<qtl::w4a16_affine::weight, f16>,
              weight_product<qtl::w4a16_g32_affine::weight, bf16>,
              weight_product<policy<qtl::u4, affine, per_channel>, f16>,
              weight_product<qtl::w3a16::weight, f16>, weight_product<qtl::w3a16::weight, bf16>,
              weight_product<qtl::w2a16::weight, f16>, weight_product<qtl::w2a16::weight, bf16>>;

/// 8 bits, 16-bit activations.
using w8a16 =
    type_list<weight_product<qtl::w8a16::weight, f16>, weight_product<qtl::w8a16::weight, bf16>,
              weight_product<policy<s8, symmetric, per_group<64>, scaled_by<f16>>, f16>,
              weight_product<policy<qtl::u8, affine, per_channel>, f16>,
              weight_product<policy<qtl::u8, affine, per_group<32>>, bf16>,
              weight_product<qtl::w8a16_fp8::weight, f16>,
              weight_product<qtl::w8a16_fp8::weight, bf16>, weight_product<qtl::mxfp8::weight, f16>,
              weight_product<qtl::mxfp8::weight, bf16>,
              weight_product<policy<qtl::e5m2, symmetric, per_channel>, f16>,
              weight_product<policy<qtl::e5m2, symmetric, per_channel>, bf16>>;

/// Codebooks and floats of 4 bits, 16-bit activations.
using float4 = type_list<
    weight_product<qtl::nf4_a16::weight, f16>, weight_product<qtl::nf4_a16::weight, bf16>,
    weight_product<policy<qtl::nf4, symmetric, per_channel>, f16>,
    weight_product<qtl::mxfp4_a16::weight, f16>, weight_product<qtl::mxfp4_a16::weight, bf16>,
    weight_product<qtl::nvfp4_a16::weight, f16>, weight_product<qtl::nvfp4_a16::weight, bf16>,
    weight_product<qtl::fp4_bnb_a16::weight, f16>, weight_product<qtl::fp4_bnb_a16::weight, bf16>>;

/// 4 bits, 8-bit activations, a scale for each row.
using w4a8_rows = type_list<weight_product<qtl::w4a8_channel::weight, s8>,
                            weight_product<policy<qtl::u4, affine, per_channel>, s8>,
                            weight_product<policy<qtl::s4, symmetric, qtl::per_tensor>, s8>>;
/// The same with scales of groups, which are added in their order.
using w4a8_groups =
    type_list<weight_product<qtl::w4a8::weight, s8>,
              weight_product<policy<qtl::s4, symmetric, per_group<32>, scaled_by<f16>>, s8>,
              weight_product<policy<qtl::u4, affine, per_group<64>>, s8>,
              weight_product<policy<qtl::u4, affine, per_group<40>, scaled_by<bf16>>, s8>,
              weight_product<policy<qtl::s4, symmetric, per_group<7>>, s8>,
              weight_product<policy<qtl::s3, symmetric, qtl::per_block<4, 96>>, s8>>;

/// Hopper's products with packed weights: 16-bit activations.
using bulk_reals = type_list<
    weight_product<qtl::w4a16_g32::weight, f16>, weight_product<qtl::w4a16::weight, bf16>,
    weight_product<qtl::w4a16_affine::weight, f16>,
    weight_product<qtl::w4a16_g32_affine::weight, bf16>,
    weight_product<policy<qtl::s4, symmetric, per_channel>, f16>,
    weight_product<policy<qtl::s4, symmetric, per_channel>, bf16>,
    weight_product<qtl::mxfp4_a16::weight, f16>, weight_product<qtl::mxfp4_a16::weight, bf16>,
    weight_product<qtl::nf4_a16::weight, f16>, weight_product<qtl::nf4_a16::weight, bf16>,
    weight_product<qtl::w8a16::weight, f16>, weight_product<qtl::w8a16::weight, bf16>,
    weight_product<qtl::w8a16_fp8::weight, f16>, weight_product<qtl::w8a16_fp8::weight, bf16>>;
/// 8-bit activations.
using bulk_integers =
    type_list<weight_product<qtl::w4a8_channel::weight, s8>, weight_product<qtl::w4a8::weight, s8>>;
using bulk_weights = qtl::concatenated<bulk_reals, bulk_integers>;
/// FP8 activations.
using bulk_fp8 = type_list<weight_product<policy<qtl::s4, symmetric, per_channel>, qtl::e4m3>,
                           weight_product<policy<qtl::s4, symmetric, per_group<128>>, qtl::e4m3>>;

}  // namespace covered

}  // namespace qtl_test
