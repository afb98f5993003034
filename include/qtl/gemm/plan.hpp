// SPDX-License-Identifier: Apache-2.0
// qtl/gemm/plan.hpp - what a kernel decides once for a shape, kept between runs as one plain value.
// Holds: gemm_plan. Not here: who keeps it (nn/plan_cache.hpp), what a layer tells of it (linear_plan).
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "qtl/base/fixed_text.hpp"

namespace qtl::inline v0 {

/// A kernel's decisions for one key and one shape. It follows from these alone: streams, pointers
/// and the kind of output have no part in it, except in what run() keeps for the next run.
struct gemm_plan {
  std::int64_t m = -1;              ///< tokens; -1: nobody has made it
  std::int64_t workspace_size = 0;  ///< bytes for one run
  std::int32_t family = 0;          ///< where a kernel has several lists of sizes, which of them
  std::int32_t choice = -1;         ///< which of the list; -1: none is legal
  std::int32_t splits = 1;          ///< blocks that share the k of a tile
  bool has_changed = false;         ///< run() has kept something new
  fixed_text<64> variant;           ///< the sizes by name
  static constexpr std::size_t kept_bytes = 1024;
  alignas(64) std::byte kept[kept_bytes]{};  ///< run()'s own: T of begin_keeping<T>()

  /// Makes room for a plain T that runs read and write through kept_as<T>().
  template<class T>
  T& begin_keeping() {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kept_bytes && alignof(T) <= 64,
                  "a plan is copied as bytes, and has 1024 of them for its kernel");
    return *::new (static_cast<void*>(kept)) T{};
  }
  /// What begin_keeping<T>() began, in this plan or in the one that it was copied from.
  template<class T>
  T& kept_as() {
    return *std::launder(reinterpret_cast<T*>(kept));
  }
};

}  // namespace qtl::inline v0
