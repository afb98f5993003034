// SPDX-License-Identifier: Apache-2.0
// examples/common/svg_canvas.hpp - an SVG document, shape by shape.
// Colours are classes of the style sheet, so that a dark page gets its own.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace common {

struct point {
  double x = 0;
  double y = 0;
};

class svg_canvas {
 public:
  svg_canvas(double width, double height, std::string_view style) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\">\n<style>",
        width, height, width, height);
    text_ += std::string(style) + "</style>\n";
    add("<rect class=\"card\" width=\"%g\" height=\"%g\" rx=\"10\"/>\n", width, height);
  }

  void line(point from, point to, std::string_view classes) {
    add("<path class=\"%.*s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", size(classes), classes.data(),
        from.x, from.y, to.x, to.y);
  }
  /// Straight lines from point to point.
  void lines(std::span<const point> points, std::string_view classes) {
    text_ += "<path class=\"" + std::string(classes) + "\" d=\"";
    for (const point& p : points) add(&p == points.data() ? "M%.1f %.1f" : "L%.1f %.1f", p.x, p.y);
    text_ += "\"/>\n";
  }
  /// From a point to its label: slanted, then level; a negative `level` for labels on the left.
  void leader(point from, point to, double level, std::string_view classes) {
    add("<path class=\"%.*s\" d=\"M%.1f %.1fL%.1f %.1fH%.1f\"/>\n", size(classes), classes.data(),
        from.x, from.y, to.x - level, to.y, to.x);
  }
  void band(point top_left, point bottom_right, std::string_view classes) {
    add("<rect class=\"%.*s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
        size(classes), classes.data(), top_left.x, top_left.y, bottom_right.x - top_left.x,
        bottom_right.y - top_left.y);
  }
  void circle(point at, double radius, std::string_view classes) {
    add("<circle class=\"%.*s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", size(classes),
        classes.data(), at.x, at.y, radius);
  }
  void square(point at, double radius, std::string_view classes) {
    band({at.x - radius, at.y - radius}, {at.x + radius, at.y + radius}, classes);
  }
  void triangle(point at, double radius, std::string_view classes) {
    add("<path class=\"%.*s\" d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"/>\n", size(classes), classes.data(),
        at.x, at.y - 1.2 * radius, 1.2 * radius, 2.1 * radius, -2.4 * radius);
  }
  void diamond(point at, double radius, std::string_view classes) {
    const double r = 1.25 * radius;
    add("<path class=\"%.*s\" d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\"/>\n", size(classes),
        classes.data(), at.x, at.y - r, r, r, -r, r, -r, -r);
  }
  void text(point at, std::string_view text, std::string_view classes) {
    add("<text class=\"%.*s\" x=\"%.1f\" y=\"%.1f\">", size(classes), classes.data(), at.x, at.y);
    for (const char c : text) text_ += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
    text_ += "</text>\n";
  }

  /// The finished document.
  std::string finish() { return std::move(text_) + "</svg>\n"; }

 private:
  static int size(std::string_view text) { return static_cast<int>(text.size()); }

  template<class... Values>
  void add(const char* format, Values... values) {
    char line[512];
    std::snprintf(line, sizeof line, format, values...);
    text_ += line;
  }

  std::string text_;
};

}  // namespace common
