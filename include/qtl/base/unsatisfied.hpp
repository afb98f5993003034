// SPDX-License-Identifier: Apache-2.0
// qtl/base/unsatisfied.hpp - how a rule says why it refused.
// A concept written `test<T> || unsatisfied<"reason", T>` makes g++, clang++ and nvcc print the
// reason. nvcc prints one line of source and no more, so the reason stands on the line of
// `unsatisfied<`, however long; clang-format is off there.
#pragma once

#include "qtl/base/fixed_text.hpp"

namespace qtl::inline v0 {

/// Always false; its template arguments are what the compiler prints when a constraint fails.
template<fixed_text Reason, class... Types>
inline constexpr bool unsatisfied = false;

}  // namespace qtl::inline v0
