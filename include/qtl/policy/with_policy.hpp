// SPDX-License-Identifier: Apache-2.0
// qtl/policy/with_policy.hpp - from a policy that is known at run time to code compiled for it.
// Holds: try_with_policy, with_policy. The list says what is instantiated: usually shipped_presets or a few lines of it.
#pragma once

#include "qtl/base/error.hpp"
#include "qtl/policy/descriptor.hpp"
#include "qtl/policy/presets.hpp"

namespace qtl::inline v0 {

/// How many of the two descriptors' axes agree; 14 where they are equal.
constexpr int agreement(const policy_desc& a, const policy_desc& b) {
  return int(a.format == b.format) * 4 + int(a.bits == b.bits) + int(a.kind == b.kind) +
         int(a.scheme == b.scheme) + int(a.zero_point == b.zero_point) +
         int(a.granularity == b.granularity) + int(a.block_cols == b.block_cols) +
         int(a.scale_format == b.scale_format) + int(a.rule == b.rule) + int(a.mode == b.mode) +
         int(a.is_dynamic == b.is_dynamic);
}

/// Why no entry of a list matched: names what was wanted and the nearest that is there.
inline status no_such_policy(const linear_desc& wanted, const short_name& nearest) {
  status s{error_code::unsupported, "desc", -1, 0, 0, {}};
  s.message.append("desc: no instantiated policy for ").append(to_text(wanted).view());
  s.message.append("; nearest is ").append(nearest.view());
  return s;
}

/// Calls f.template operator()<W, A>() for the policy_pair of the list that equals `wanted`. Where
/// none does, returns unsupported with a sentence naming what was wanted and the nearest of the
/// list.
template<class... Pairs, class F>
status try_with_policy(type_list<Pairs...>, const linear_desc& wanted, F&& f) {
  int best = -1;
  short_name nearest("(the list is empty)");
  bool found = false;
  [[maybe_unused]] const auto visit = [&]<class Pair>() {  // unused where the list is empty
    constexpr linear_desc here =
        describe_linear<typename Pair::weight, typename Pair::activation>();
    if (found) return;
    if (here == wanted) {
      found = true;
      f.template operator()<typename Pair::weight, typename Pair::activation>();
      return;
    }
    const int score =
        agreement(here.weight, wanted.weight) + agreement(here.activation, wanted.activation);
    if (score > best) {
      best = score;
      nearest = Pair::name;
    }
  };
  (visit.template operator()<Pairs>(), ...);
  return found ? status{} : no_such_policy(wanted, nearest);
}

/// As try_with_policy, but throws qtl::error where nothing matches.
template<class... Pairs, class F>
void with_policy(type_list<Pairs...> list, const linear_desc& wanted, F&& f) {
  throw_if_failed(try_with_policy(list, wanted, static_cast<F&&>(f)));
}

/// The descriptors of a preset by its name ("w4a16"), for tools.
inline result<linear_desc> preset_by_name(std::string_view name) {
  linear_desc found;
  bool hit = false;
  for_each_type(shipped_presets{}, [&]<class Pair>() {
    if (Pair::name.view() != name) return;
    found = describe_linear<typename Pair::weight, typename Pair::activation>();
    hit = true;
  });
  if (hit) return found;
  status s{error_code::not_found, "name", -1, 0, 0, {}};
  s.message.append("name: no preset is called \"").append(name.substr(0, 64));
  s.message.append("\"; shipped_presets in qtl/policy/presets.hpp lists them");
  return s;
}

}  // namespace qtl::inline v0
