// SPDX-License-Identifier: Apache-2.0
// qtl/base/type_list.hpp - a list of types as a value to pass around and walk.
// Holds: type_list, concatenated, for_each_type, list_contains. Not here: sorting or set algebra; nothing needs them.
#pragma once

#include <concepts>
#include <cstddef>

#include "qtl/base/config.hpp"

namespace qtl::inline v0 {

/// A compile-time list of types.
template<class... Types>
struct type_list {
  static constexpr std::size_t size = sizeof...(Types);
};

/// One list after the other.
template<class... Lists>
struct concatenation {
  using type = type_list<>;
};
template<class... T>
struct concatenation<type_list<T...>> {
  using type = type_list<T...>;
};
template<class... T, class... U, class... Rest>
struct concatenation<type_list<T...>, type_list<U...>, Rest...> {
  using type = typename concatenation<type_list<T..., U...>, Rest...>::type;
};
/// Its name.
template<class... Lists>
using concatenated = typename concatenation<Lists...>::type;

/// Calls f.template operator()<T>() for every T of the list, in order.
template<class... Types, class F>
constexpr void for_each_type(type_list<Types...>, F&& f) {
  (f.template operator()<Types>(), ...);
}

/// True where T is one of the list's types.
template<class T, class List>
inline constexpr bool list_contains = false;
template<class T, class... Types>
inline constexpr bool list_contains<T, type_list<Types...>> = (std::same_as<T, Types> || ...);

}  // namespace qtl::inline v0
