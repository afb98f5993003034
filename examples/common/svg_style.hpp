// SPDX-License-Identifier: Apache-2.0
// examples/common/svg_style.hpp - the style sheet that all pictures share, for light and dark
// pages.
// Holds: style_sheet. Series take Okabe and Ito's colours, which the colour-blind can tell apart.
#pragma once

#include <string>
#include <string_view>

namespace common {

/// Text, axes and background, followed by a picture's own rules for each kind of page.
inline std::string style_sheet(std::string_view light, std::string_view dark) {
  std::string text = R"(
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; fill: #424a53 }
.title { font-size: 17px; font-weight: 600; fill: #1f2328 } .note { fill: #656d76 }
.panel { font-size: 13px; font-weight: 600; fill: #1f2328 }
.tick { font-size: 11px; fill: #656d76 } .right { text-anchor: end } .middle { text-anchor: middle }
.label { font-size: 11px }
.card { fill: #ffffff; stroke: #d0d7de } .grid { stroke: #eaeef2 } .axis { stroke: #afb8c1 }
.lead { fill: none; stroke-width: .8; opacity: .55 } .mark { stroke: #ffffff; stroke-width: 1.2 }
)";
  text += light;
  text += R"(@media (prefers-color-scheme: dark) {
text { fill: #c9d1d9 } .title, .panel { fill: #f0f6fc } .tick, .note { fill: #9198a1 }
.card { fill: #0d1117; stroke: #30363d } .grid { stroke: #21262d } .axis { stroke: #484f58 }
.mark { stroke: #0d1117 }
)";
  text += dark;
  return text + "}\n";
}

}  // namespace common
