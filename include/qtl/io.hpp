// SPDX-License-Identifier: Apache-2.0
// qtl/io.hpp - the door to files: safetensors, .npy, policies as JSON. Needs nlohmann/json (header-only, MIT).
#pragma once

// IWYU pragma: begin_exports
#include "qtl/core.hpp"
#include "qtl/io/npy.hpp"
#include "qtl/io/policy_json.hpp"
#include "qtl/io/qtensor_safetensors.hpp"
#include "qtl/io/safetensors_file.hpp"
#include "qtl/io/safetensors_writer.hpp"
// IWYU pragma: end_exports
