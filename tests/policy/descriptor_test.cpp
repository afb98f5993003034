// SPDX-License-Identifier: Apache-2.0
// tests/policy/descriptor_test.cpp - policies as values: what is equal, what differs, how they
// read.
#include "qtl/policy/descriptor.hpp"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/policy/presets.hpp"

namespace {

using namespace qtl;

template<class A, class B>
constexpr bool same = describe<A>() == describe<B>();

// Defaults written out, and options in any order, change nothing.
static_assert(
    same<policy<s8>,
         policy<s8, symmetric, per_tensor, scaled_by<f32>, round_nearest_even, static_scale>>);
static_assert(same<policy<s8, symmetric, per_token, dynamic, round_floor>,
                   policy<s8, symmetric, per_token, round_floor, dynamic>>);
static_assert(
    same<policy<integer<4>, symmetric, per_group<128>>, policy<s4, symmetric, per_group<128>>>);
static_assert(
    same<policy<minifloat<2, 1, special_values::finite>, symmetric, per_group<32>, scaled_by<e8m0>>,
         mxfp4::weight>);
static_assert(
    same<mx<e2m1>, policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0, scale_rule::floor>>>);

// Every axis makes a difference of its own.
static_assert(!same<policy<s8>, policy<s4>> && !same<policy<s8, affine>, policy<u8, affine>>);
static_assert(!same<policy<s8>, policy<s8, symmetric_full_clamp>> &&
              !same<policy<u8, affine>, policy<u8, affine_as_is>>);
static_assert(!same<policy<s8>, policy<s8, symmetric, per_channel>>);
static_assert(!same<policy<s8, symmetric, per_token>, policy<s8, symmetric, per_channel>>);
static_assert(!same<policy<s8, symmetric, per_group<32>>, policy<s8, symmetric, per_group<64>>>);
static_assert(!same<policy<s8, symmetric, per_group<32>>, policy<s8, symmetric, per_block<1, 32>>>);
static_assert(!same<policy<s8>, policy<s8, symmetric, per_tensor, scaled_by<f16>>>);
static_assert(
    !same<mx<e2m1>, policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0, scale_rule::rceil>>>);
static_assert(!same<policy<e2m1, symmetric, per_group<16>>, nvfp4_tensor<>>);
static_assert(!same<policy<s8>, policy<s8, symmetric, per_tensor, round_nearest_away>>);
static_assert(!same<policy<s8, symmetric, per_tensor, round_stochastic<1>>,
                    policy<s8, symmetric, per_tensor, round_stochastic<2>>>);
static_assert(!same<policy<s8>, policy<s8, symmetric, per_tensor, dynamic>>);
static_assert(!same<policy<e4m3>, policy<non_saturating<e4m3>>>);

constexpr policy_desc group = describe<w4a16_affine::weight>();
static_assert(group.format == "u4" && group.kind == format_kind::integer && group.bits == 4 &&
              group.scheme == "affine");
static_assert(group.zero_point == zero_point_kind::integer &&
              group.granularity == "per_group<128>" && group.block_rows == 1);
static_assert(group.block_cols == 128 && group.scale_format == "f16" &&
              group.rule == scale_rule::nearest && !group.two_levels);
static_assert(group.mode == rounding_mode::nearest_even && group.seed == 0 && !group.is_dynamic &&
              !group.is_unscaled());
static_assert(describe<nvfp4::activation>().two_levels &&
              describe<nvfp4::activation>().is_dynamic && describe<a16>().is_unscaled());

TEST_CASE("text") {
  CHECK(to_text(describe<policy<s4, symmetric, per_group<128>, scaled_by<f16>>>()) ==
        "s4 symmetric per_group<128>, f16 scales");
  CHECK(to_text(describe<token_s8>()) == "s8 symmetric per_token, dynamic");
  CHECK(to_text(describe<a16>()) == "f16 unscaled");
  CHECK(to_text(describe<mxfp4::weight>()) == "e2m1 symmetric per_group<32>, e8m0 scales");
  CHECK(
      to_text(
          describe<policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0, scale_rule::rceil>>>()) ==
      "e2m1 symmetric per_group<32>, e8m0 rceil scales");
  CHECK(to_text(describe<nvfp4::activation>()) ==
        "e2m1 symmetric per_group<16>, e4m3 x f32 scales, dynamic");
  CHECK(to_text(describe<policy<s8, symmetric, per_block<16, 32>, round_nearest_away>>()) ==
        "s8 symmetric per_block<16,32>, nearest_away");
  CHECK(to_text(describe_linear<w8a8::weight, w8a8::activation>()) ==
        "weights s8 symmetric per_channel | activations s8 symmetric per_token, dynamic");
}

TEST_CASE("presets: names, descriptors and texts are all different") {
  std::set<std::string> names;
  std::set<std::string> texts;
  std::vector<linear_desc> seen;
  for_each_type(shipped_presets{}, [&]<class Pair>() {
    const linear_desc d = describe_linear<typename Pair::weight, typename Pair::activation>();
    names.insert(Pair::name.c_str());
    texts.insert(to_text(d).c_str());
    for (const linear_desc& other : seen) CHECK_FALSE(other == d);
    seen.push_back(d);
  });
  CHECK(names.size() == shipped_presets::size);
  CHECK(texts.size() == shipped_presets::size);
}

}  // namespace
