// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>

#include "groups.hpp"
#include "method_list.hpp"

namespace quantizers {
namespace {

template<class Entry, class Same>
const Entry* find(std::span<const Entry> table, Same&& same) {
  for (const Entry& entry : table)
    if (same(entry)) return &entry;
  return nullptr;
}

}  // namespace

std::span<const method_info> methods() {
  static const std::vector<method_info> table = std::apply(
      [](const auto&... m) {
        return std::vector<method_info>{{m.name, decltype(m.method)::needs_inputs}...};
      },
      method_list);
  return table;
}

std::span<const weight_policy> weight_policies() {
  static const std::vector<weight_policy> table = [] {
    std::vector<weight_policy> entries;
    add_integers(entries);
    add_four_bit_integers(entries);
    add_affine_integers(entries);
    add_floats(entries);
    add_microscaled(entries);
    add_four_bit_floats(entries);
    std::vector<weight_policy> by_width;
    for (int bits = 32; bits > 0; --bits)
      std::ranges::copy_if(entries, std::back_inserter(by_width),
                           [&](const weight_policy& p) { return p.desc.bits == bits; });
    return by_width;
  }();
  return table;
}

const method_info* find_method(std::string_view name) {
  return find(methods(), [&](const method_info& m) { return m.name == name; });
}

const weight_policy* find_policy(std::string_view name) {
  return find(weight_policies(), [&](const weight_policy& p) { return p.name == name; });
}

const weight_policy* find_policy(const qtl::policy_desc& desc) {
  return find(weight_policies(), [&](const weight_policy& p) { return p.desc == desc; });
}

qtl::result<quantized_weight> quantize(const weight_policy& policy, const method_info& method,
                                       const qtl::layer_samples& layer) {
  return policy.methods[static_cast<std::size_t>(&method - methods().data())](layer);
}

}  // namespace quantizers
