// SPDX-License-Identifier: Apache-2.0
// bench/circumstances.hpp - what a figure needs to be understood later.
// Holds: cpu_model, compiler.
#pragma once

#include <fstream>
#include <string>

namespace qtl_bench {

/// As Linux calls it.
inline std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

inline std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "g++ " __VERSION__;
#else
  return "unknown";
#endif
}

}  // namespace qtl_bench
