// SPDX-License-Identifier: Apache-2.0
// examples/common/progress_bar.hpp - a line on stderr that says how far a program is.
// Nothing is printed where stderr is not a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace common {

inline bool stderr_is_terminal() {
#if __has_include(<unistd.h>)
  return isatty(STDERR_FILENO) != 0;
#else
  return false;
#endif
}

/// A bar of `total` steps; its line vanishes with it.
class progress_bar {
 public:
  explicit progress_bar(std::size_t total) : total_(total), visible_(stderr_is_terminal()) {}
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() { print("\r\033[K"); }

  /// Begins the next step.
  void step(std::string_view name) {
    constexpr std::size_t width = 32;
    const std::size_t filled = width * done_ / total_;
    ++done_;
    std::string line = "\r\033[K  ";
    for (std::size_t i = 0; i < width; ++i) line += i < filled ? "━" : "╌";
    line += "  " + std::to_string(done_) + "/" + std::to_string(total_) + "  " + std::string(name);
    print(line);
  }

 private:
  void print(const std::string& text) const {
    if (visible_) std::fputs(text.c_str(), stderr);
  }

  std::size_t total_;
  std::size_t done_ = 0;
  bool visible_;
};

}  // namespace common
