// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/kernel_list.cuh - the products of the GPU backend, in order of preference, for each target.
// Holds: gemm_entries, kernels_for, built_targets. To add a kernel: its entry here.
#pragma once

#include <array>
#include <limits>
#include <span>

#include "qtl/gpu/host/fp8_entry.cuh"
#include "qtl/gpu/host/s4s4_entry.cuh"
#include "qtl/gpu/host/w8a8_entry.cuh"

namespace qtl::inline v0::gpu {

/// Every entry; docs/support_matrix.md is written from it.
using gemm_entries =
    type_list<w8a8_entry<s8, s8>, w8a8_entry<u8, s8>, w8a8_entry<u8, u8>, w8a8_entry<s8, u8>,
              s4s4_entry<s4, s4>, fp8_entry<e4m3, e4m3>, fp8_entry<e5m2, e5m2>,
              fp8_block_entry<e4m3, e4m3>>;

/// What this program was built for: nvcc's list of architectures; all of them where it is emulated.
inline std::span<const int> built_targets() {
#if defined(__CUDA_ARCH_LIST__)
  static constexpr int built[] = {__CUDA_ARCH_LIST__};
#else
  static constexpr int built[] = {800, 890, 900, 1000, 1200};
#endif
  return built;
}

/// Whether an entry's kernels run where code for `target` does.
template<class E>
constexpr bool is_listed(int target) {
  return target >= static_cast<int>(E::least_target);
}

/// The entries of one target as values.
template<int Target, class... Entries>
constexpr auto listed(type_list<Entries...>) {
  constexpr std::size_t count = (std::size_t{is_listed<Entries>(Target)} + ... + 0);
  std::array<gemm_kernel, count> list{};
  [[maybe_unused]] std::size_t i = 0;
  const auto add = [&]<class E>() {
    if constexpr (is_listed<E>(Target)) list[i++] = gemm_kernel_of<E>();
  };
  (add.template operator()<Entries>(), ...);
  return list;
}

/// The kernels that run where code for Target does.
template<int Target>
inline constexpr auto kernels_of_target = listed<Target>(gemm_entries{});

/// The kernels that run where code for `target` does; none for 0.
inline std::span<const gemm_kernel> kernels_for(int target) {
  switch (target) {
    case 800:
      return kernels_of_target<800>;
    case 890:
      return kernels_of_target<890>;
    case 900:
      return kernels_of_target<900>;
    case 1000:
      return kernels_of_target<1000>;
    case 1200:
      return kernels_of_target<1200>;
    default:
      return {};
  }
}

}  // namespace qtl::inline v0::gpu
