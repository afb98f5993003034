// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "../common/label_layout.hpp"
#include "../common/svg_axis.hpp"
#include "../common/svg_canvas.hpp"
#include "../common/svg_style.hpp"
#include "../common/text_table.hpp"
#include "plots.hpp"

namespace sweep {
namespace {

using common::formatted;
using common::point;
using common::svg_axis;
using common::svg_canvas;

constexpr std::string_view light = R"(
.plain { fill: #6e7781 } .fit { fill: #cc79a7 } .columns { fill: #0072b2 } .channels { fill: #d55e00 }
.learned { fill: #009e73 } .scales { fill: #8250df } .other { fill: #b08800 }
.front { fill: none; stroke: #1f2328; stroke-width: 1.4; opacity: .75 }
.lead { stroke: #57606a } .label { fill: #1f2328 }
)";
constexpr std::string_view dark = R"(
.plain { fill: #9198a1 } .columns { fill: #56b4e9 } .channels { fill: #f0883e } .learned { fill: #3fb992 }
.scales { fill: #bc8cff }
.front { stroke: #f0f6fc } .lead { stroke: #9198a1 } .label { fill: #f0f6fc }
)";

constexpr double width = 960;
constexpr double height = 640;
constexpr double left = 78;
constexpr double right = 930;
constexpr double bottom = 580;
constexpr double marker = 4.4;

enum class shape { circle, square, triangle, diamond };

/// How a method looks: the colour tells the idea, the shape the variant.
struct method_look {
  std::string_view method;
  std::string_view idea;
  shape form;
};

constexpr method_look looks[] = {
    {"rtn", "plain", shape::circle},
    {"rtn_clip", "plain", shape::square},
    {"rotated_rtn", "plain", shape::triangle},
    {"corrected_rtn", "plain", shape::diamond},
    {"hqq", "fit", shape::circle},
    {"dq_rtn", "scales", shape::circle},
    {"dq_gptq", "scales", shape::square},
    {"gptq", "columns", shape::circle},
    {"gptq_act_order", "columns", shape::square},
    {"rotated_gptq", "columns", shape::triangle},
    {"corrected_gptq", "columns", shape::diamond},
    {"awq", "channels", shape::circle},
    {"smoothquant", "channels", shape::square},
    {"spiq", "channels", shape::triangle},
    {"adaround", "learned", shape::circle},
    {"autoround", "learned", shape::square},
};

method_look look_of(std::string_view method) {
  for (const method_look& look : looks)
    if (look.method == method) return look;
  return {method, "other", shape::circle};
}

void draw_mark(svg_canvas& svg, point at, const method_look& look) {
  const std::string classes = "mark " + std::string(look.idea);
  switch (look.form) {
    case shape::circle:
      return svg.circle(at, marker, classes);
    case shape::square:
      return svg.square(at, marker - 0.5, classes);
    case shape::triangle:
      return svg.triangle(at, marker, classes);
    case shape::diamond:
      return svg.diamond(at, marker, classes);
  }
}

/// The methods that occur, in lines of text; returns where the last line ends.
double draw_legend(svg_canvas& svg, std::span<const method_summary> marks) {
  double x = left + marker;
  double y = 78;
  for (const method_look& look : looks) {
    if (std::ranges::find(marks, look.method, &method_summary::method) == marks.end()) continue;
    const double extent = 30 + 6.6 * static_cast<double>(look.method.size());
    if (x + extent > right) {
      x = left + marker;
      y += 20;
    }
    draw_mark(svg, {x, y}, look);
    svg.text({x + 11, y + 4}, look.method, "label");
    x += extent;
  }
  return y;
}

/// What no other mark beats in bits and error, by ascending bits.
std::vector<method_summary> front_of(std::vector<method_summary> marks, bool of_outputs) {
  std::ranges::sort(marks, {}, [&](const method_summary& s) {
    return std::pair(s.bits_per_weight, s.error(of_outputs));
  });
  std::vector<method_summary> front;
  for (const method_summary& s : marks)
    if (front.empty() || s.error(of_outputs) < front.back().error(of_outputs)) front.push_back(s);
  return front;
}

/// Where marks are drawn.
struct chart {
  svg_axis bits;
  svg_axis error;
  bool of_outputs;

  point at(const method_summary& s) const {
    return {bits.at(s.bits_per_weight), error.at(s.error(of_outputs))};
  }
};

chart fit_chart(std::span<const method_summary> marks, bool of_outputs, double top) {
  const auto error = [&](const method_summary& s) { return s.error(of_outputs); };
  const auto [fewest, most] = std::ranges::minmax(marks, {}, &method_summary::bits_per_weight);
  const auto [least, largest] = std::ranges::minmax(marks, {}, error);
  // On the left there is room for the labels of the first marks.
  return {{fewest.bits_per_weight * 0.78, most.bits_per_weight * 1.04, left, right, true},
          {error(least) * 0.8, error(largest) * 1.15, bottom, top, true},
          of_outputs};
}

void draw_axes(svg_canvas& svg, const chart& c) {
  for (const double e : c.error.decades()) {
    svg.line({left, c.error.at(e)}, {right, c.error.at(e)}, "grid");
    const int digits = e < 0.00095 ? 2 : e < 0.0095 ? 1 : 0;
    svg.text({left - 8, c.error.at(e) + 4}, formatted(100 * e, digits) + " %", "tick right");
  }
  for (double b = std::ceil(c.bits.low); b <= c.bits.high; ++b) {
    svg.line({c.bits.at(b), c.error.to}, {c.bits.at(b), bottom}, "grid");
    svg.text({c.bits.at(b), bottom + 17}, formatted(b, 0), "tick middle");
  }
  svg.line({left, bottom}, {right, bottom}, "axis");
  svg.text({(left + right) / 2, height - 18}, "bits per weight, scales and zero points included",
           "middle");
}

/// The front as a staircase, and its labels below and left of it, where no mark can be.
void draw_front(svg_canvas& svg, const chart& c, std::span<const method_summary> front) {
  std::vector<point> stairs;
  std::vector<point> mirrored;
  for (const method_summary& s : front) {
    const point p = c.at(s);
    if (!stairs.empty()) stairs.push_back({p.x, stairs.back().y});
    stairs.push_back(p);
    mirrored.push_back({-p.x, p.y});
  }
  stairs.push_back({right, stairs.back().y});
  svg.lines(stairs, "front");
  for (const common::label_column& column : common::label_columns(mirrored, 100)) {
    std::vector<double> wanted;
    for (const std::size_t i : column.points) wanted.push_back(mirrored[i].y + 16);
    const std::vector<double> heights =
        common::spread_labels(wanted, 14, c.error.to + 8, bottom - 8);
    for (std::size_t k = 0; k < heights.size(); ++k) {
      const std::size_t i = column.points[k];
      const point label{-column.right - 24, heights[k]};
      svg.leader(c.at(front[i]), {label.x + 3, label.y}, -6, "lead");
      svg.text({label.x, label.y + 4}, front[i].policy + " " + front[i].method, "label right");
    }
  }
}

}  // namespace

std::string pareto_plot(std::span<const method_summary> summaries, const std::string& model,
                        std::size_t layers) {
  const bool of_outputs = std::ranges::any_of(
      summaries, [](const method_summary& s) { return std::isfinite(s.output_error); });
  std::vector<method_summary> marks(summaries.begin(), summaries.end());
  std::erase_if(marks, [&](const method_summary& s) {
    return !std::isfinite(s.error(of_outputs)) || s.error(of_outputs) <= 0;
  });
  svg_canvas svg(width, height, common::style_sheet(light, dark));
  svg.text({left, 34}, "Error against size, for every policy and method", "title");
  svg.text({left, 54},
           model + ": relative error of the " +
               (of_outputs ? "outputs, on inputs that no method saw" : "weights") +
               ", geometric mean over " + std::to_string(layers) +
               (layers == 1 ? " layer" : " layers"),
           "note");
  if (marks.empty()) {
    svg.text({left, 100}, "No policy and method has an error to draw.", "note");
    return svg.finish();
  }
  const chart c = fit_chart(marks, of_outputs, draw_legend(svg, marks) + 28);
  draw_axes(svg, c);
  const std::vector<method_summary> front = front_of(marks, of_outputs);
  draw_front(svg, c, front);
  for (const method_summary& s : marks) draw_mark(svg, c.at(s), look_of(s.method));
  for (const method_summary& s : front) draw_mark(svg, c.at(s), look_of(s.method));  // on top
  svg.text({right, 34}, "line: what nothing else beats in both", "tick right");
  return svg.finish();
}

}  // namespace sweep
