// SPDX-License-Identifier: Apache-2.0
// bench/gpu/contestant.hpp - whoever computes a case on the device: a kernel of ours, or a peer.
// Holds: shape, contestant_info, contestant, make_contestants, set_count.
// To add one: a class in a file of its own, a function that makes it in contestants.hpp, its place in cases.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device.hpp"

namespace qtl_bench {

struct shape {
  std::int64_t m = 0;  ///< tokens
  std::int64_t n = 0;  ///< out features; 0 where there is no product
  std::int64_t k = 0;  ///< in features

  std::string text() const {
    return std::to_string(m) + "x" + (n != 0 ? std::to_string(n) + "x" : "") + std::to_string(k);
  }
  double operations() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

struct contestant_info {
  std::string name;
  std::string detail;  ///< what ran: tile sizes, or a peer's algorithm
  bool is_peer = true;
  double bytes = 0;  ///< read and written by one launch, each counted once
};

/// Holds several equal sets of operands at different places, so that the next launch finds none of
/// its own in the cache.
class contestant {
 public:
  virtual ~contestant() = default;
  virtual contestant_info info() const = 0;
  virtual int sets() const = 0;
  /// Puts one run on operand set `turn`, counted round and round, into main_stream().
  virtual void enqueue(int turn) = 0;
  /// Poisons the output of set 0.
  virtual void poison() = 0;
  /// What is wrong with the output of set 0; empty where nothing is.
  virtual std::string find_error() = 0;
};

/// A contestant, or why there is none.
struct made {
  std::string name;
  std::unique_ptr<contestant> who;
  std::string refusal;
};

/// All contestants of one kind for a shape.
using make_contestants = std::function<std::vector<made>(const shape&)>;

/// As many sets as are three times the second cache, from 2 to 50; `bytes` are the inputs of one.
/// Fewer where 8 GiB would not hold them.
inline int set_count(std::int64_t bytes, const qtl::device_facts& device) {
  constexpr std::int64_t most_bytes = std::int64_t{8} << 30;
  if (bytes <= 0) return 2;
  const std::int64_t cold = qtl::ceil_div(3 * device.l2_bytes, bytes);
  const std::int64_t fit = most_bytes / bytes;
  const std::int64_t wanted = cold < 50 ? cold : 50;
  const std::int64_t count = wanted < fit ? wanted : fit;
  return count < 2 ? 2 : static_cast<int>(count);
}

}  // namespace qtl_bench
