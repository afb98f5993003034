// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/exports.hpp - the table for other programs.
#pragma once

#include <span>
#include <string>

#include "command_line.hpp"
#include "table_row.hpp"

namespace fashion {

/// How it was run, then the rows; one row per line.
std::string to_json(std::span<const table_row> rows, const options& o, std::int64_t images);
/// A line of names, then a line per row; no value where JSON has null.
std::string to_csv(std::span<const table_row> rows);

}  // namespace fashion
