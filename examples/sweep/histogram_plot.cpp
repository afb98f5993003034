// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "../common/svg_axis.hpp"
#include "../common/svg_canvas.hpp"
#include "../common/svg_style.hpp"
#include "../common/text_table.hpp"
#include "plots.hpp"

namespace sweep {
namespace {

using common::formatted;
using common::svg_axis;
using common::svg_canvas;

constexpr std::string_view light = R"(
.bar { fill: #0072b2; opacity: .55 } .code { stroke: #d55e00; stroke-width: 1.1 } .few { opacity: .8 } .many { opacity: .55 }
)";
constexpr std::string_view dark = R"(
.bar { fill: #56b4e9 } .code { stroke: #f0883e }
)";

constexpr double width = 960;
constexpr double height = 430;
constexpr double left = 64;
constexpr double right = 930;
constexpr double top = 92;
constexpr double bottom = 340;
constexpr int bins = 161;  // odd: zero lies in the middle of one

/// Shares of the elements by bin.
std::vector<double> shares(std::span<const float> elements, const svg_axis& x) {
  std::vector<double> share(bins, 0.0);
  for (const float e : elements) {
    const double place = (static_cast<double>(e) - x.low) / (x.high - x.low) * bins;
    const auto bin = static_cast<std::size_t>(std::clamp(place, 0.0, bins - 1.0));
    share[bin] += 1.0 / static_cast<double>(elements.size());
  }
  return share;
}

/// Bits that a code carries on average, were the codes compressed.
double entropy(std::span<const std::int64_t> counts) {
  const auto total =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  double bits = 0;
  for (const std::int64_t count : counts)
    if (count > 0)
      bits -= static_cast<double>(count) / total * std::log2(static_cast<double>(count) / total);
  return bits;
}

/// Room for all code points and all elements, which may lie beyond the last points.
svg_axis value_axis(const quantizers::code_usage& usage) {
  const auto [least, most] = std::ranges::minmax(usage.elements);
  const double low = std::min(usage.points.front(), least);
  const double high = std::max(usage.points.back(), most);
  const double air = high > low ? 0.03 * (high - low) : 1.0;
  return {low - air, high + air, left, right};
}

}  // namespace

std::string histogram_plot(const std::string& layer, const quantizers::weight_policy& policy,
                           const quantizers::code_usage& usage) {
  svg_canvas svg(width, height, common::style_sheet(light, dark));
  const svg_axis x = value_axis(usage);
  const std::vector<double> share = shares(usage.elements, x);
  const svg_axis y{0, 1.06 * std::ranges::max(share), bottom, top};
  svg.text({left, 34}, layer + " on the grid of " + std::string(policy.name), "title");
  const auto used = usage.counts.size() -
                    static_cast<std::size_t>(std::ranges::count(usage.counts, std::int64_t{0}));
  svg.text({left, 54},
           std::string(qtl::to_text(policy.desc).view()) + ": rounding to nearest uses " +
               std::to_string(used) + " values of " + std::to_string(usage.counts.size()) +
               ", with an entropy of " + formatted(entropy(usage.counts), 2) + " of " +
               std::to_string(policy.desc.bits) + " bits",
           "note");
  svg.band({left, 68}, {left + 14, 78}, "bar");
  svg.text({left + 20, 77}, "share of the weights", "label");
  svg.line({left + 162, 66}, {left + 162, 80}, "code few");
  svg.text({left + 170, 77}, "a value that the policy can store", "label");

  for (const double tick : y.ticks(5)) {
    svg.line({left, y.at(tick)}, {right, y.at(tick)}, "grid");
    svg.text({left - 8, y.at(tick) + 4}, formatted(100 * tick, tick < 0.0999 ? 1 : 0) + " %",
             "tick right");
  }
  const double bar = (right - left) / bins;
  for (std::size_t i = 0; i < share.size(); ++i) {
    const double from = left + bar * static_cast<double>(i);
    if (share[i] > 0) svg.band({from, y.at(share[i])}, {from + bar, bottom}, "bar");
  }
  // Few values are lines through the bars; many would hide them.
  const bool few = usage.points.size() <= 32;
  for (const float value : usage.points) {
    const double at = x.at(static_cast<double>(value));
    svg.line({at, few ? top : bottom}, {at, bottom + 12}, few ? "code few" : "code many");
  }
  svg.line({left, bottom}, {right, bottom}, "axis");
  for (const double tick : x.ticks(12))
    svg.text({x.at(tick), bottom + 28}, formatted(tick, x.high - x.low < 5 ? 1 : 0), "tick middle");
  svg.text({(left + right) / 2, height - 26},
           "weight over the scale of its block, in the units of the format", "middle");
  return svg.finish();
}

}  // namespace sweep
