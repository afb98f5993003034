// SPDX-License-Identifier: Apache-2.0
// bench/cpu/contestant.hpp - whoever computes a problem: we, on one instruction set, or another
// library.
// Holds: contestant, contestant_info, make_contestant, rotation.
// To add one: a class in a file of its own, a function that makes it in contestants.hpp, its place in cases.cpp.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "qtl/base/buffer.hpp"

#include "problem.hpp"

namespace qtl_bench {

/// The limit that a contestant's arithmetic is compared with.
enum class peak_kind { int8, f32, bf16 };

constexpr const char* to_string(peak_kind kind) {
  constexpr const char* names[] = {"int8", "f32", "bf16"};
  return names[static_cast<int>(kind)];
}

struct contestant_info {
  std::string name;
  std::string detail;  ///< the kernel that ran, as its library calls it
  peak_kind peak = peak_kind::f32;
  bool is_peer = true;
  std::int64_t weight_bytes = 0;  ///< as they lie packed in memory
};

class contestant {
 public:
  virtual ~contestant() = default;
  virtual contestant_info info() const = 0;
  /// Computes the problem with copy `turn` of the weights, counted round and round.
  virtual void run(std::int64_t turn) = 0;
  /// What is wrong with the result of the last run; empty where nothing is.
  virtual std::string find_error() const = 0;
};

/// Throws where a library refuses the problem.
using make_contestant = std::function<std::unique_ptr<contestant>(const problem&)>;

/// Equal packed weights at different places.
class rotation {
 public:
  rotation() = default;
  rotation(const std::byte* packed, std::int64_t bytes, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      copies_.push_back(qtl::value_or_throw(qtl::buffer<std::byte>::make(bytes)));
      std::memcpy(copies_.back().data(), packed, static_cast<std::size_t>(bytes));
    }
  }
  std::byte* at(std::int64_t turn) {
    return copies_[static_cast<std::size_t>(turn) % copies_.size()].data();
  }

 private:
  std::vector<qtl::buffer<std::byte>> copies_;
};

}  // namespace qtl_bench
