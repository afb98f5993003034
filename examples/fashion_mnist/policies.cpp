// SPDX-License-Identifier: Apache-2.0
#include "policies.hpp"

#include <array>
#include <utility>

namespace fashion {

std::span<const policy_entry> policies() {
  static const auto table = [] {
    std::array<policy_entry, qtl::shipped_presets::size> entries;
    [&]<std::size_t... Part>(std::index_sequence<Part...>) {
      (fill_policies<Part>(entries), ...);
    }(std::make_index_sequence<policy_parts>{});
    return entries;
  }();
  return table;
}

const policy_entry* find_policy(std::string_view name) {
  for (const policy_entry& entry : policies())
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace fashion
