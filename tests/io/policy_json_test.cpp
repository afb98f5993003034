// SPDX-License-Identifier: Apache-2.0
// Policies as JSON: every shipped policy comes back equal, defaults are those of policy<...>, and
// what is wrong is named.
#include "qtl/io/policy_json.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace qtl;

struct refused {
  std::string_view text;
  error_code code;
  std::string_view phrase;
};

}  // namespace

TEST_CASE("every shipped policy and pair comes back equal from its JSON") {
  for_each_type(shipped_presets{}, []<class Pair>() {
    constexpr linear_desc pair =
        describe_linear<typename Pair::weight, typename Pair::activation>();
    CAPTURE(Pair::name.c_str());
    const auto weight = io::try_parse_policy(io::to_json(pair.weight));
    REQUIRE(weight.ok());
    CHECK(*weight == pair.weight);
    const auto both = io::try_parse_linear(io::to_json(pair));
    REQUIRE(both.ok());
    CHECK(*both == pair);
  });
}

TEST_CASE("options and 64-bit seeds survive") {
  using P = policy<e2m1, symmetric, per_group<32>, scaled_by<e8m0, scale_rule::rceil>,
                   round_stochastic<0xFFFF'FFFF'FFFF'FFFFu>, dynamic>;
  const auto back = io::try_parse_policy(io::to_json(describe<P>()));
  REQUIRE(back.ok());
  CHECK(*back == describe<P>());
}

TEST_CASE("what is left out has the default of policy<...>") {
  const auto least = io::try_parse_policy(R"({"format":"s4"})");
  REQUIRE(least.ok());
  CHECK(*least == describe<policy<s4>>());
  const auto group = io::try_parse_policy(
      R"({"format":"u4","scheme":"affine","granularity":"per_group<128>","scale":"f16"})");
  REQUIRE(group.ok());
  CHECK(*group == describe<w4a16_affine::weight>());
  const auto mx =
      io::try_parse_policy(R"({"format":"e2m1","granularity":"per_group<32>","scale":"e8m0"})");
  REQUIRE(mx.ok());
  CHECK(*mx == describe<mxfp4::weight>());
}

TEST_CASE("a preset is a pair by name") {
  const auto pair = io::try_parse_linear(R"({"preset":"nvfp4"})");
  REQUIRE(pair.ok());
  CHECK(*pair == describe_linear<nvfp4::weight, nvfp4::activation>());
}

TEST_CASE("a stranger's format needs no entry, only its kind and bits") {
  const auto own = io::try_parse_policy(R"({"format":"my3","kind":"codebook","bits":3})");
  REQUIRE(own.ok());
  CHECK(own->format == "my3");
  CHECK(own->bits == 3);
}

TEST_CASE("bad policies are refused by name") {
  const std::vector<refused> cases = {
      {R"({)", error_code::malformed_file, "ends too early"},
      {R"({})", error_code::invalid_argument, "'format' is missing"},
      {R"({"format":"q4"})", error_code::unsupported, "the format 'q4' is unknown"},
      {R"({"format":4})", error_code::invalid_argument, "the key 'format'"},
      {R"({"format":"s4","group":128})", error_code::invalid_argument,
       "the key 'group' is unknown"},
      {R"({"format":"s4","bits":5})", error_code::invalid_argument,
       "do not belong to the format 's4'"},
      {R"({"format":"s4","kind":"codebook"})", error_code::invalid_argument, "do not belong"},
      {R"({"format":"s4","scheme":"best"})", error_code::unsupported,
       "the scheme 'best' is unknown"},
      {R"({"format":"s4","scheme":"affine","zero_point":"none"})", error_code::invalid_argument,
       "zero_point does not belong"},
      {R"({"format":"s4","granularity":"per_group"})", error_code::unsupported,
       "'per_group' is unknown"},
      {R"({"format":"s4","granularity":"per_group<0>"})", error_code::unsupported, "per_group<0>"},
      {R"({"format":"s4","granularity":"per_group<1,2>"})", error_code::unsupported,
       "per_group<1,2>"},
      {R"({"format":"s4","granularity":"per_block<2>"})", error_code::unsupported, "per_block<2>"},
      {R"({"format":"s4","granularity":"per_group<99999999999999>"})", error_code::unsupported,
       "per_group<9"},
      {R"({"format":"s4","granularity":"per_token","block":[1,32]})", error_code::invalid_argument,
       "block does not belong"},
      {R"({"format":"s4","rounding":"up"})", error_code::invalid_argument, "the key 'rounding'"},
      {R"({"format":"s4","seed":"-1"})", error_code::invalid_argument, "the key 'seed'"},
      {R"({"format":"s4","format":"s8"})", error_code::malformed_file, "stands twice"},
      {R"({"format":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":1}}}}}}}}})",
       error_code::malformed_file, "nesting depth"},
  };
  for (const refused& c : cases) {
    CAPTURE(std::string(c.text));
    const auto parsed = io::try_parse_policy(c.text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.why().code == c.code);
    CHECK_MESSAGE(parsed.why().message.view().find(c.phrase) != std::string_view::npos,
                  parsed.why().message.c_str());
  }
}

TEST_CASE("bad pairs are refused by name") {
  const std::vector<refused> cases = {
      {R"({"preset":"w5a5"})", error_code::not_found, "\"w5a5\""},
      {R"({"preset":"w8a8","weight":{"format":"s8"}})", error_code::invalid_argument,
       "'preset' is unknown"},
      {R"({"weights":{"format":"s8"}})", error_code::invalid_argument, "'weights.format'"},
      {R"({"weight":{"format":"s8"}})", error_code::invalid_argument, "'format' is missing"},
  };
  for (const refused& c : cases) {
    CAPTURE(std::string(c.text));
    const auto parsed = io::try_parse_linear(c.text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.why().code == c.code);
    CHECK_MESSAGE(parsed.why().message.view().find(c.phrase) != std::string_view::npos,
                  parsed.why().message.c_str());
  }
}
