// SPDX-License-Identifier: Apache-2.0
// qtl/qtl.hpp - formats, tensors, layers on the CPU, files. Narrower doors: core.hpp (no Eigen), cpu.hpp, io.hpp.
// Beside it: methods.hpp, which takes seconds to compile. Files need nlohmann/json; where it is not
// installed this door opens without them.
#pragma once

// IWYU pragma: begin_exports
#include "qtl/cpu.hpp"
#if __has_include(<nlohmann/json.hpp>)
#include "qtl/io.hpp"
#endif
// IWYU pragma: end_exports
