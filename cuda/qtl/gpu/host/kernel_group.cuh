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
  if constexpr (requires { E::only_target; }) return target == static_cast<int>(E::only_target);
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

/// Not in the class: an inline member would be instantiated in spite of extern template.
template<class... Entries>
std::size_t kernel_group<type_list<Entries...>>::for_target(int target, std::span<gemm_kernel> to) {
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

/// The kernels of Groups for one target, listed once, by the first layer that asks.
template<int Target, class... Groups>
std::span<const gemm_kernel> kernels_of_target() {
  static const kernel_table<Groups...> made(Target);
  return made.kernels();
}

/// The same for a target that is known at run time; nothing for 0.
template<class... Groups>
std::span<const gemm_kernel> kernels_for(int target) {
  switch (target) {
    case 800:
      return kernels_of_target<800, Groups...>();
    case 890:
      return kernels_of_target<890, Groups...>();
    case 900:
      return kernels_of_target<900, Groups...>();
    case 1000:
      return kernels_of_target<1000, Groups...>();
    case 1200:
      return kernels_of_target<1200, Groups...>();
    default:
      return {};
  }
}

}  // namespace qtl::inline v0::gpu
