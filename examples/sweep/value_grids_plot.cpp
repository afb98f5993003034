// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "qtl/format/formats.hpp"

#include "../common/svg_axis.hpp"
#include "../common/svg_canvas.hpp"
#include "../common/svg_style.hpp"
#include "../common/text_table.hpp"
#include "plots.hpp"

namespace sweep {
namespace {

using common::svg_axis;
using common::svg_canvas;

constexpr std::string_view light = R"(
.value { stroke-width: 1.1; opacity: .8 }
.g0 { stroke: #0072b2 } .g1 { stroke: #d55e00 } .g2 { stroke: #b08800 } .g3 { stroke: #009e73 } .g4 { stroke: #cc79a7 }
.name { font-weight: 600; fill: #1f2328 }
)";
constexpr std::string_view dark = R"(
.g0 { stroke: #56b4e9 } .g1 { stroke: #f0883e } .g2 { stroke: #e6c200 } .g3 { stroke: #3fb992 } .name { fill: #f0f6fc }
)";

constexpr double width = 960;
constexpr double height = 640;
constexpr double left = 120;
constexpr double right = 930;
constexpr double row_height = 40;
constexpr double tick_height = 22;

/// A format and all that it can store.
struct grid {
  std::string name;
  std::string note;
  std::vector<double> values;  ///< ascending, each once, finite
};

template<class F>
grid grid_of(std::string name, std::string note) {
  grid g{std::move(name), std::move(note), {}};
  for (int code = 0; code < 1 << F::bits; ++code) {
    const auto value = static_cast<double>(F::decode(static_cast<qtl::code_type<F>>(code)));
    if (std::isfinite(value)) g.values.push_back(value + 0.0);  // -0 is 0
  }
  std::ranges::sort(g.values);
  g.values.erase(std::unique(g.values.begin(), g.values.end()), g.values.end());
  return g;
}

/// "2" with a small exponent.
std::string power_of_two(int exponent) {
  constexpr std::string_view digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "2⁻" : "2";
  for (const char c : std::to_string(std::abs(exponent))) text += digits[c - '0'];
  return text;
}

/// Names on the left, a stroke per value that `place` puts somewhere.
template<class Place>
void draw_rows(svg_canvas& svg, std::span<const grid> grids, double top, Place&& place) {
  for (std::size_t i = 0; i < grids.size(); ++i) {
    const double middle = top + row_height * (static_cast<double>(i) + 0.5);
    svg.text({left - 14, middle - 1}, grids[i].name, "name right");
    svg.text({left - 14, middle + 13}, grids[i].note, "tick right");
    svg.line({left, middle}, {right, middle}, "grid");
    for (const double value : grids[i].values)
      if (const double x = place(grids[i], value); x >= left)
        svg.line({x, middle - tick_height / 2}, {x, middle + tick_height / 2},
                 "value g" + std::to_string(i));
  }
}

}  // namespace

std::string value_grids_plot() {
  const grid grids[] = {
      grid_of<qtl::s8>("INT8", "-128 to 127"),   grid_of<qtl::e4m3>("E4M3", "up to 448"),
      grid_of<qtl::e5m2>("E5M2", "up to 57344"), grid_of<qtl::e2m1>("E2M1", "up to 6"),
      grid_of<qtl::nf4>("NF4", "-1 to 1"),
  };
  svg_canvas svg(width, height, common::style_sheet(light, dark));
  svg.text({left, 34}, "What formats can store", "title");
  svg.text({left, 54}, "A stroke per value", "note");

  constexpr double first = 104;
  svg.text({left, first - 14}, "Linear: all values, each over the largest of its format", "panel");
  const svg_axis share{-1.02, 1.02, left, right};
  draw_rows(svg, grids, first, [&](const grid& g, double value) {
    return share.at(value / std::max(-g.values.front(), g.values.back()));
  });
  const double rows = row_height * static_cast<double>(std::size(grids));
  for (const double tick : share.ticks(10))
    svg.text({share.at(tick), first + rows + 16}, common::formatted(tick, 1), "tick middle");

  const double second = first + rows + 76;
  svg.text({left, second - 14}, "Logarithmic: the positive values as they are", "panel");
  const svg_axis scale{std::exp2(-17), std::exp2(17), left, right, true};
  draw_rows(svg, grids, second,
            [&](const grid&, double value) { return value > 0 ? scale.at(value) : 0.0; });
  for (int power = -16; power <= 16; power += 4)
    svg.text({scale.at(std::exp2(power)), second + rows + 16}, power_of_two(power), "tick middle");
  return svg.finish();
}

}  // namespace sweep
