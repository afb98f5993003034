// SPDX-License-Identifier: Apache-2.0
// examples/common/svg_axis.hpp - from values to places on a picture.
// Holds: svg_axis, linear or logarithmic, and where its ticks stand.
#pragma once

#include <cmath>
#include <vector>

namespace common {

/// Values low..high drawn at from..to; `from` may be the larger, as for heights.
struct svg_axis {
  double low;
  double high;
  double from;
  double to;
  bool logarithmic = false;

  double at(double value) const {
    const double share =
        logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return from + share * (to - from);
  }

  /// Multiples of a round step, of which no more than `most` lie in the range. For linear axes.
  std::vector<double> ticks(int most) const {
    double step = std::pow(10.0, std::floor(std::log10((high - low) / most)));
    for (const double factor : {2.0, 2.5, 2.0})  // 1, 2, 5, 10
      if ((high - low) / step > most) step *= factor;
    std::vector<double> values;
    for (double i = std::ceil(low / step); i * step <= high; ++i) values.push_back(i * step + 0.0);
    return values;
  }

  /// 1, 2 and 5 times powers of ten. For logarithmic axes.
  std::vector<double> decades() const {
    std::vector<double> values;
    for (double power = std::floor(std::log10(low)); power <= std::ceil(std::log10(high)); ++power)
      for (const double digit : {1.0, 2.0, 5.0})
        if (const double value = digit * std::pow(10.0, power); value >= low && value <= high)
          values.push_back(value);
    return values;
  }
};

}  // namespace common
