// SPDX-License-Identifier: Apache-2.0
#include "policy_part.hpp"

template void fashion::fill_policies<2>(std::span<policy_entry>);
