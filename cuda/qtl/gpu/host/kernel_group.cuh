// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/kernel_group.cuh - entries as values, those of one target at a time.
// Holds: kernel_group<Entries>, kernel_table<Groups>. A group is what one file compiles: its launches are instantiated
// where for_target() is.
#pragma once

#include <array>
#include <span>

#include "qtl/gpu/host/kernel_entry.cuh"

namespace qtl::inline v0::gpu {

/// Whether an entry's kernels run where code for `target` does.
template<class E>
constexpr bool is_listed(int target) {
  return target >= static_cast<int>(E::least_target);
}

/// A group of entries, type_list<...>.
template<class Entries>
struct kernel_group;

template<class... Entries>
struct kernel_group<type_list<Entries...>> {
  static constexpr std::size_t size = sizeof...(Entries);

  /// Writes those that run where code for `target` does; returns how many.
  static std::size_t for_target(int target, std::span<gemm_kernel> to);
};

// Not in the class: an inline member would be instantiated in spite of extern template.
template<class... Entries>
std::size_t kernel_group<type_list<Entries...>>::for_target(int target,
                                                            std::span<gemm_kernel> to) {
  std::size_t count = 0;
  const auto add = [&]<class E>() {
    if (is_listed<E>(target)) to[count++] = gemm_kernel_of<E>();
  };
  (add.template operator()<Entries>(), ...);
  return count;
}

/// The kernels of several groups for one target, in order.
template<class... Groups>
class kernel_table {
 public:
  explicit kernel_table(int target) {
    const auto add = [&]<class G>() {
      count_ += G::for_target(target, std::span(kernels_).subspan(count_));
    };
    (add.template operator()<Groups>(), ...);
  }
  std::span<const gemm_kernel> kernels() const { return std::span(kernels_).first(count_); }

 private:
  std::array<gemm_kernel, (Groups::size + ... + 0)> kernels_{};
  std::size_t count_ = 0;
};

/// The table of Groups for a target; nothing for 0. Made once, by the first layer that asks.
template<class... Groups>
std::span<const gemm_kernel> kernels_for(int target) {
  using table = kernel_table<Groups...>;
  const auto of = []<int Target>() {
    static const table made(Target);
    return made.kernels();
  };
  switch (target) {
    case 800:
      return of.template operator()<800>();
    case 890:
      return of.template operator()<890>();
    case 900:
      return of.template operator()<900>();
    case 1000:
      return of.template operator()<1000>();
    case 1200:
      return of.template operator()<1200>();
    default:
      return {};
  }
}

}  // namespace qtl::inline v0::gpu
