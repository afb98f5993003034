// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/svg_plot.hpp - the table as a picture: SQNR and accuracy against bits per
// weight.
// Holds: svg_plot. Not here: where labels go (label_layout.hpp), strokes and text (svg_canvas.hpp).
#pragma once

#include <span>
#include <string>

#include "table_row.hpp"

namespace fashion {

/// Two panels over one axis of bits, as an SVG document that suits light and dark pages. The first
/// row is float.
std::string svg_plot(std::span<const table_row> rows, std::int64_t images);

}  // namespace fashion
