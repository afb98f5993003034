// SPDX-License-Identifier: Apache-2.0
// tests/policy/with_policy_test.cpp - from a descriptor to code: hits, misses that name the
// nearest, presets by name.
#include "qtl/policy/with_policy.hpp"

#include <concepts>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace qtl;
using few = type_list<w8a8, w4a16, fp8>;

// The descriptors of the one call that with_policy makes.
struct recorder {
  int calls = 0;
  linear_desc called;

  template<class W, class A>
  void operator()() {
    ++calls;
    called = describe_linear<W, A>();
  }
};

TEST_CASE("a hit calls once, with the types of the list") {
  std::vector<linear_desc> presets;
  for_each_type(shipped_presets{}, [&]<class Pair>() {
    presets.push_back(describe_linear<typename Pair::weight, typename Pair::activation>());
  });
  for (const linear_desc& wanted : presets) {
    recorder seen;
    CHECK(try_with_policy(shipped_presets{}, wanted, seen).ok());
    CHECK(seen.calls == 1);
    CHECK(seen.called == wanted);
  }
  bool types = false;
  with_policy(few{}, describe_linear<w4a16::weight, a16>(), [&]<class W, class A>() {
    types = std::same_as<W, w4a16::weight> && std::same_as<A, a16>;
  });
  CHECK(types);
}

TEST_CASE("a miss names what was wanted and the nearest, and calls nothing") {
  const linear_desc wanted =
      describe_linear<policy<s4, symmetric, per_group<64>, scaled_by<f16>>, a16>();
  int calls = 0;
  const auto count = [&]<class W, class A>() { ++calls; };
  const status s = try_with_policy(few{}, wanted, count);
  CHECK(s.code == error_code::unsupported);
  CHECK(
      s.message ==
      "desc: no instantiated policy for weights s4 symmetric per_group<64>, f16 scales | activations f16 unscaled; nearest is w4a16");
  CHECK(calls == 0);
  try {
    with_policy(few{}, wanted, count);
    FAIL("expected qtl::error");
  } catch (const error& e) {
    CHECK(std::string(e.what()) == s.message.c_str());
    CHECK(e.code() == error_code::unsupported);
  }
  CHECK(try_with_policy(few{},
                        describe_linear<policy<e4m3, symmetric, per_block<128, 128>>, token_e4m3>(),
                        count)
            .message.view()
            .ends_with("nearest is fp8"));
  CHECK(try_with_policy(type_list<>{}, wanted, count)
            .message.view()
            .ends_with("nearest is (the list is empty)"));
}

TEST_CASE("the sentence holds the longest pair of policies") {
  using long_weight =
      policy<u4, affine_float_shift, per_block<128, 128>, scaled_by<bf16>, round_nearest_away>;
  using long_activation =
      policy<u8, affine_as_is, per_group<128>, scaled_by<bf16>, round_nearest_away, dynamic>;
  recorder seen;
  const status s =
      try_with_policy(shipped_presets{}, describe_linear<long_weight, long_activation>(), seen);
  CHECK(s.message.view().find("; nearest is w") != std::string_view::npos);
  CHECK(s.message.size() < 255);
}

TEST_CASE("presets by name") {
  CHECK(*preset_by_name("w4a16") == describe_linear<w4a16::weight, w4a16::activation>());
  CHECK(*preset_by_name("nf4") == describe_linear<nf4_a16::weight, nf4_a16::activation>());
  for_each_type(shipped_presets{}, []<class Pair>() {
    CHECK(*preset_by_name(Pair::name.view()) ==
          describe_linear<typename Pair::weight, typename Pair::activation>());
  });
  for (const char* wrong : {"w4a17", "", "W4A16", "w4a16 "}) {
    const status s = preset_by_name(wrong).why();
    CHECK(s.code == error_code::not_found);
    CHECK(s.message.view().starts_with("name: no preset is called \"" + std::string(wrong) +
                                       "\"; shipped_presets"));
  }
}

}  // namespace
