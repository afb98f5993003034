// SPDX-License-Identifier: Apache-2.0
#include "svg_plot.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../common/label_layout.hpp"
#include "../common/svg_canvas.hpp"
#include "../common/svg_style.hpp"
#include "../common/text_table.hpp"

namespace fashion {
namespace {

using common::formatted;
using common::point;
using common::svg_canvas;

constexpr std::string_view light = R"(
.float { stroke: #656d76; stroke-dasharray: 5 4 } .band { fill: #656d76; opacity: .13 }
.integer { fill: #0072b2 } .fp8 { fill: #d55e00 } .block { fill: #009e73 } .table { fill: #cc79a7 }
.lead.integer { fill: none; stroke: #0072b2 } .lead.fp8 { fill: none; stroke: #d55e00 }
.lead.block { fill: none; stroke: #009e73 } .lead.table { fill: none; stroke: #cc79a7 }
.key { fill: #8c959f }
)";
constexpr std::string_view dark = R"(
.float { stroke: #9198a1 } .band { fill: #9198a1 }
.integer { fill: #56b4e9 } .lead.integer { stroke: #56b4e9 } .fp8 { fill: #e69f00 } .lead.fp8 { stroke: #e69f00 }
)";

constexpr double width = 960;
constexpr double height = 790;
constexpr double left = 70;
constexpr double right = 815;  // labels of the last column stand beyond
constexpr double marker = 4.6;

/// One panel: what is drawn against bits, and where.
struct panel {
  std::string_view title;
  double top;
  double bottom;
  double low;   ///< value at the bottom
  double high;  ///< value at the top
  double step;  ///< between two grid lines
  double (*value)(const table_row&);

  double y(double v) const { return bottom - (v - low) / (high - low) * (bottom - top); }
};

/// Bits per weight on a scale that is linear in their logarithm: sizes compare as ratios.
struct bit_axis {
  double low;
  double high;
  double x(double bits) const {
    return left + std::log(bits / low) / std::log(high / low) * (right - left);
  }
};

std::string_view family(const table_row& row) {
  const qtl::policy_desc& w = row.desc.weight;
  if (w.kind == qtl::format_kind::codebook) return "table";
  if (w.scale_format.view() == "e8m0" || w.two_levels) return "block";
  return w.kind == qtl::format_kind::integer ? "integer" : "fp8";
}

/// Circles: activations stay reals; squares: quantized as they come; triangles: calibrated.
void draw_mark(svg_canvas& svg, point at, const table_row& row) {
  const std::string classes = "mark " + std::string(family(row));
  if (row.desc.activation.is_unscaled())
    svg.circle(at, marker, classes);
  else if (row.desc.activation.is_dynamic)
    svg.square(at, marker - 0.5, classes);
  else
    svg.triangle(at, marker, classes);
}

void draw_axes(svg_canvas& svg, const panel& p, const bit_axis& bits) {
  for (double v = std::ceil(p.low / p.step) * p.step; v <= p.high + 1e-9; v += p.step) {
    svg.line({left, p.y(v)}, {right, p.y(v)}, "grid");
    svg.text({left - 8, p.y(v) + 4},
             formatted(std::round(v / p.step) * p.step + 0.0, p.step < 1 ? 1 : 0), "tick right");
  }
  for (double b = std::ceil(bits.low); b <= bits.high; ++b) {
    svg.line({bits.x(b), p.top}, {bits.x(b), p.bottom}, "grid");
    svg.text({bits.x(b), p.bottom + 17}, formatted(b, 0), "tick middle");
  }
  svg.line({left, p.bottom}, {right, p.bottom}, "axis");
  svg.text({left, p.top - 12}, p.title, "panel");
}

/// Labels for the rows that `labelled` says yes to, then the marks of all.
template<class Labelled>
void draw_rows(svg_canvas& svg, const panel& p, const bit_axis& bits,
               std::span<const table_row> rows, Labelled&& labelled) {
  constexpr double spacing = 13.5;
  const auto position = [&](const table_row& row) {
    return point{bits.x(row.bits_per_weight), p.y(p.value(row))};
  };
  std::vector<const table_row*> named;
  std::vector<point> points;
  for (const table_row& row : rows)
    if (labelled(row)) {
      named.push_back(&row);
      points.push_back(position(row));
    }
  for (const common::label_column& column : common::label_columns(points, 62)) {
    std::vector<double> wanted;
    for (const std::size_t i : column.points) wanted.push_back(points[i].y);
    const std::vector<double> heights =
        common::spread_labels(wanted, spacing, p.top + 2, p.bottom - 8);
    for (std::size_t k = 0; k < heights.size(); ++k) {
      const std::size_t i = column.points[k];
      const point label{column.right + 34, heights[k]};
      svg.leader(points[i], {label.x - 3, label.y}, 6, "lead " + std::string(family(*named[i])));
      svg.text({label.x, label.y + 4}, named[i]->policy, "label");
    }
  }
  for (const table_row& row : rows) draw_mark(svg, position(row), row);
}

/// The float network's accuracy, and how far chance moves the accuracy of so few images.
void draw_float(svg_canvas& svg, const panel& p, double accuracy, double standard_error) {
  svg.band({left, p.y(accuracy + standard_error)}, {right, p.y(accuracy - standard_error)}, "band");
  svg.line({left, p.y(accuracy)}, {right, p.y(accuracy)}, "float");
  svg.text({right, p.top - 12},
           "dashed: float, " + formatted(accuracy, 2) +
               " %; grey: one standard error, marks in it carry no label",
           "tick right");
}

void draw_legend(svg_canvas& svg) {
  constexpr std::pair<std::string_view, std::string_view> families[] = {
      {"integer", "integer weights"},
      {"fp8", "FP8"},
      {"block", "MX, NVFP4"},
      {"table", "codebook"}};
  double x = left + marker;
  for (const auto& [name, title] : families) {
    svg.circle({x, 76}, marker, "mark " + std::string(name));
    svg.text({x + 11, 80}, title, "label");
    x += 34 + 6.4 * static_cast<double>(title.size());
  }
  x += 26;
  svg.circle({x, 76}, marker, "key");
  svg.text({x + 11, 80}, "16-bit activations", "label");
  svg.square({x + 136, 76}, marker - 0.5, "key");
  svg.text({x + 147, 80}, "quantized, dynamic", "label");
  svg.triangle({x + 282, 76}, marker, "key");
  svg.text({x + 293, 80}, "quantized, calibrated", "label");
}

/// A panel from `top` to `bottom` whose range holds all values, with some air and at most eight
/// grid lines.
panel fit_panel(std::string_view title, double top, double bottom, std::span<const table_row> rows,
                double (*value)(const table_row&)) {
  panel p{title, top, bottom, value(rows.front()), value(rows.front()), 0, value};
  for (const table_row& row : rows) {
    p.low = std::min(p.low, value(row));
    p.high = std::max(p.high, value(row));
  }
  const double air = std::max(0.06 * (p.high - p.low), 0.05);
  p.low -= air;
  p.high += air;
  for (const double step : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0}) {
    p.step = step;
    if ((p.high - p.low) / step <= 8) break;
  }
  return p;
}

}  // namespace

std::string svg_plot(std::span<const table_row> rows, std::int64_t images) {
  const double accuracy = 100 * rows.front().accuracy;
  const double standard_error =
      std::sqrt(accuracy * (100 - accuracy) / static_cast<double>(images));
  rows = rows.subspan(1);
  svg_canvas svg(width, height, common::style_sheet(light, dark));
  svg.text({left, 34}, "Quantizing a small network with the presets of QTL", "title");
  svg.text({left, 54},
           "Perceptron 784-256-128-10, " + std::to_string(images) +
               " test images of Fashion-MNIST, a mark per preset",
           "note");
  draw_legend(svg);

  const auto [fewest, most] = std::ranges::minmax(rows, {}, &table_row::bits_per_weight);
  const bit_axis bits{fewest.bits_per_weight * 0.93, most.bits_per_weight * 1.03};
  const panel sqnr = fit_panel("SQNR of the logits, dB", 130, 480, rows,
                               [](const table_row& row) { return row.sqnr_db; });
  draw_axes(svg, sqnr, bits);
  draw_rows(svg, sqnr, bits, rows, [](const table_row&) { return true; });

  const panel top1 = fit_panel("Top-1 accuracy, %", 545, 735, rows,
                               [](const table_row& row) { return 100 * row.accuracy; });
  draw_axes(svg, top1, bits);
  draw_float(svg, top1, accuracy, standard_error);
  draw_rows(svg, top1, bits, rows, [&](const table_row& row) {
    return std::abs(100 * row.accuracy - accuracy) > standard_error;
  });
  svg.text({(left + right) / 2, height - 16}, "bits per weight, scales and zero points included",
           "middle");
  return svg.finish();
}

}  // namespace fashion
