// SPDX-License-Identifier: Apache-2.0
// qtl/io/policy_json.hpp - policies as JSON, both ways.
// Holds: to_json, try_parse_policy, try_parse_linear. The keys are listed in docs/file_format.md; what is left out has the
// default of policy<...>. Unknown keys, formats and schemes are errors that name them.
#pragma once

#include <string>
#include <string_view>

#include "qtl/format/formats.hpp"
#include "qtl/io/json_fields.hpp"
#include "qtl/io/json_writer.hpp"
#include "qtl/policy/with_policy.hpp"

namespace qtl::inline v0::io {

/// The names of enumerators, in their order.
inline constexpr std::string_view format_kind_names[] = {
    "integer", "fixed_point", "floating_point", "exponent", "codebook", "custom"};
inline constexpr std::string_view zero_point_names[] = {"none", "integer", "wide", "shift"};
inline constexpr std::string_view scale_rule_names[] = {"nearest", "floor", "ceil", "even",
                                                        "rceil"};
inline constexpr std::string_view rounding_names[] = {"nearest_even", "nearest_away", "toward_zero",
                                                      "floor", "stochastic"};

/// Finds the enumerator of that name and returns true, or returns false.
template<class Enum, std::size_t N>
bool enum_from_name(const std::string_view (&names)[N], std::string_view name, Enum& value) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) {
      value = static_cast<Enum>(i);
      return true;
    }
  return false;
}

/// Writes every field of `d`, defaults too: a file explains itself.
inline void write_policy(json_writer& json, const policy_desc& d) {
  json.begin_object();
  json.key("format").string(d.format.view());
  json.key("kind").string(format_kind_names[static_cast<int>(d.kind)]);
  json.key("bits").number(d.bits);
  json.key("scheme").string(d.scheme.view());
  json.key("zero_point").string(zero_point_names[static_cast<int>(d.zero_point)]);
  json.key("granularity").string(d.granularity.view());
  json.key("block").begin_array().number(d.block_rows).number(d.block_cols).end_array();
  json.key("scale").string(d.scale_format.view());
  json.key("scale_rule").string(scale_rule_names[static_cast<int>(d.rule)]);
  json.key("two_levels").boolean(d.two_levels);
  json.key("rounding").string(rounding_names[static_cast<int>(d.mode)]);
  json.key("seed").string(std::to_string(d.seed));
  json.key("dynamic").boolean(d.is_dynamic);
  json.end_object();
}

/// One policy as JSON.
inline std::string to_json(const policy_desc& d) {
  json_writer json;
  write_policy(json, d);
  return json.take();
}

/// A pair as JSON: {"weight": ..., "activation": ...}.
inline std::string to_json(const linear_desc& d) {
  json_writer json;
  json.begin_object().key("weight");
  write_policy(json, d.weight);
  json.key("activation");
  write_policy(json, d.activation);
  json.end_object();
  return json.take();
}

/// "json: <what> '<value>' <rest>"
inline status policy_error(error_code code, std::string_view what, std::string_view value,
                           std::string_view rest) {
  status s = failure(code, "json", what);
  s.message.append(" '").append(value.substr(0, 64)).append("' ").append(rest);
  return s;
}

/// Kind and bits of a shipped format; false where the name is a stranger's.
inline bool complete_format(policy_desc& d) {
  bool known = false;
  for_each_type(shipped_formats{}, [&]<class F>() {
    if (d.format != F::name) return;
    d.kind = kind_of<F>;
    d.bits = F::bits;
    known = true;
  });
  return known;
}

/// The kind of zero point of a shipped scheme; false where the name is a stranger's.
inline bool complete_scheme(policy_desc& d) {
  bool known = false;
  using shipped_schemes =
      type_list<symmetric, symmetric_full_clamp, symmetric_half_step, symmetric_full_range, affine,
                affine_as_is, affine_float_shift, unscaled>;
  for_each_type(shipped_schemes{}, [&]<class S>() {
    if (d.scheme != S::name) return;
    d.zero_point = S::zero_point;
    known = true;
  });
  return known;
}

/// "per_group<128>" and its like to block extents; false where the name is a stranger's.
inline bool complete_granularity(policy_desc& d) {
  const std::string_view name = d.granularity.view();
  d.block_rows = name == "per_tensor" ? 0 : 1;
  d.block_cols = 0;
  if (name == "per_tensor" || name == "per_channel" || name == "per_token") return true;
  const bool group = name.starts_with("per_group<");
  if ((!group && !name.starts_with("per_block<")) || !name.ends_with(">")) return false;
  std::int64_t numbers[2] = {0, 0};
  int count = 0;
  for (const char c : name.substr(10, name.size() - 11)) {
    if (c == ',' && count == 0)
      ++count;
    else if (c >= '0' && c <= '9' && numbers[count] < 1'000'000'000'000)
      numbers[count] = numbers[count] * 10 + (c - '0');
    else
      return false;
  }
  if (count != (group ? 0 : 1) || numbers[0] < 1 || numbers[count] < 1) return false;
  if (!group) d.block_rows = numbers[0];
  d.block_cols = numbers[count];
  return true;
}

/// What the text said beside the names, and whether it said it.
struct policy_fields {
  policy_desc desc;
  bool has_kind = false, has_bits = false, has_zero_point = false, has_block = false,
       has_rule = false;
};

/// Applies one field; false where the key is unknown or its value is not of the right kind.
inline bool apply_policy_field(policy_fields& p, std::string_view key, const json_field& f) {
  policy_desc& d = p.desc;
  const bool text = f.kind == json_field::type::text;
  const bool whole = f.kind == json_field::type::whole;
  const bool flag = f.kind == json_field::type::flag;
  const bool fits = f.text.size() < sizeof(short_name);
  if (key == "format" && text && fits) return d.format = short_name(std::string_view(f.text)), true;
  if (key == "scheme" && text && fits) return d.scheme = short_name(std::string_view(f.text)), true;
  if (key == "granularity" && text && fits)
    return d.granularity = short_name(std::string_view(f.text)), true;
  if (key == "scale" && text && fits)
    return d.scale_format = short_name(std::string_view(f.text)), true;
  if (key == "kind" && text)
    return p.has_kind = true, enum_from_name(format_kind_names, f.text, d.kind);
  if (key == "zero_point" && text)
    return p.has_zero_point = true, enum_from_name(zero_point_names, f.text, d.zero_point);
  if (key == "scale_rule" && text)
    return p.has_rule = true, enum_from_name(scale_rule_names, f.text, d.rule);
  if (key == "rounding" && text) return enum_from_name(rounding_names, f.text, d.mode);
  if (key == "bits" && whole && f.whole >= 1 && f.whole <= 32)
    return p.has_bits = true, d.bits = static_cast<int>(f.whole), true;
  if (key == "block.0" && whole && f.whole >= 0)
    return p.has_block = true, d.block_rows = f.whole, true;
  if (key == "block.1" && whole && f.whole >= 0) return d.block_cols = f.whole, true;
  if (key == "two_levels" && flag) return d.two_levels = f.flag, true;
  if (key == "dynamic" && flag) return d.is_dynamic = f.flag, true;
  if (key == "seed" && whole && f.whole >= 0)
    return d.seed = static_cast<std::uint64_t>(f.whole), true;
  if (key == "seed" && text) {  // 64 bits do not survive as a JSON number everywhere
    d.seed = 0;
    for (const char c : f.text) {
      if (c < '0' || c > '9') return false;
      d.seed = d.seed * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return !f.text.empty();
  }
  return false;
}

/// Fills in what names imply, and checks what the text said against it.
inline status complete_policy(policy_fields& p) {
  policy_desc& d = p.desc;
  if (d.format.empty())
    return failure(error_code::invalid_argument, "json", "the key 'format' is missing");
  if (!p.has_rule && d.scale_format == e8m0::name) d.rule = scale_rule::floor;
  const policy_desc said = d;
  const bool known_format = complete_format(d);
  if (!known_format && !(p.has_kind && p.has_bits))
    return policy_error(error_code::unsupported, "the format", d.format.view(),
                        "is unknown; give its kind and bits, or a shipped name");
  if (known_format && ((p.has_kind && said.kind != d.kind) || (p.has_bits && said.bits != d.bits)))
    return policy_error(error_code::invalid_argument, "kind or bits do not belong to the format",
                        d.format.view(), "");
  const bool known_scheme = complete_scheme(d);
  if (!known_scheme && !p.has_zero_point)
    return policy_error(error_code::unsupported, "the scheme", d.scheme.view(),
                        "is unknown; give its zero_point, or a shipped name");
  if (known_scheme && p.has_zero_point && said.zero_point != d.zero_point)
    return policy_error(error_code::invalid_argument, "zero_point does not belong to the scheme",
                        d.scheme.view(), "");
  const bool known_granularity = complete_granularity(d);
  if (!known_granularity && !p.has_block)
    return policy_error(error_code::unsupported, "the granularity", d.granularity.view(),
                        "is unknown; give its block, or a shipped name");
  if (!known_granularity) {
    d.block_rows = said.block_rows;
    d.block_cols = said.block_cols;
  } else if (p.has_block && (said.block_rows != d.block_rows || said.block_cols != d.block_cols)) {
    return policy_error(error_code::invalid_argument, "block does not belong to the granularity",
                        d.granularity.view(), "");
  }
  return {};
}

/// The policy whose fields start with `prefix`; other fields are left to the caller.
inline result<policy_desc> policy_from_fields(const std::vector<json_field>& fields,
                                              std::string_view prefix) {
  policy_fields p;
  p.desc.scheme = symmetric::name;
  p.desc.granularity = per_tensor::name;
  p.desc.scale_format = f32::name;
  for (const json_field& f : fields) {
    if (!std::string_view(f.path).starts_with(prefix)) continue;
    const std::string_view key = std::string_view(f.path).substr(prefix.size());
    if (!apply_policy_field(p, key, f))
      return policy_error(error_code::invalid_argument, "the key", key,
                          "is unknown, or its value is not one it can have");
  }
  if (const status s = complete_policy(p); !s.ok()) return s;
  return p.desc;
}

/// The policy that a JSON object describes. malformed_file for text that is not JSON;
/// invalid_argument or unsupported naming the key, format, scheme or granularity.
inline result<policy_desc> try_parse_policy(std::string_view text) {
  const result<std::vector<json_field>> fields = read_json_fields(text);
  if (!fields.ok()) return fields.why();
  return policy_from_fields(*fields, "");
}

/// A pair: {"preset": "w4a16"}, or {"weight": {...}, "activation": {...}}. Errors as
/// try_parse_policy, and not_found for a preset that does not exist.
inline result<linear_desc> try_parse_linear(std::string_view text) {
  const result<std::vector<json_field>> fields = read_json_fields(text);
  if (!fields.ok()) return fields.why();
  for (const json_field& f : *fields) {
    if (f.path == "preset" && f.kind == json_field::type::text && fields->size() == 1)
      return preset_by_name(f.text);
    const std::string_view path = f.path;
    if (!path.starts_with("weight.") && !path.starts_with("activation."))
      return policy_error(error_code::invalid_argument, "the key", path,
                          "is unknown; expected preset alone, or weight and activation");
  }
  const result<policy_desc> weight = policy_from_fields(*fields, "weight.");
  if (!weight.ok()) return weight.why();
  const result<policy_desc> activation = policy_from_fields(*fields, "activation.");
  if (!activation.ok()) return activation.why();
  return linear_desc{*weight, *activation};
}

}  // namespace qtl::inline v0::io
