// SPDX-License-Identifier: Apache-2.0
// tests/golden/words.hpp - what the golden tables call the values that are not numbers.
#pragma once

#include <limits>

namespace golden {

inline constexpr float inf = std::numeric_limits<float>::infinity();
inline constexpr float nan = std::numeric_limits<float>::quiet_NaN();

}  // namespace golden
