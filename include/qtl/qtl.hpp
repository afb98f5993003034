// SPDX-License-Identifier: Apache-2.0
// qtl/qtl.hpp - the whole library for the CPU. Narrower doors: core.hpp (no Eigen), cpu.hpp (layers), methods.hpp, io.hpp.
// Files need nlohmann/json; where it is not installed this door opens without them.
#pragma once

// IWYU pragma: begin_exports
#include "qtl/methods.hpp"
#if __has_include(<nlohmann/json.hpp>)
#include "qtl/io.hpp"
#endif
// IWYU pragma: end_exports
