// SPDX-License-Identifier: Apache-2.0
// emulation/fiber_stack.hpp - stacks for fibers, and the step from one stack to another.
#pragma once

#include <cstddef>
#include <vector>

namespace qtl::inline v0::gpu::emulated {

/// Where a suspended fiber goes on; what it means is the switch's own business.
using stack_position = void*;

/// Saves the running stack's position and goes on at another.
void switch_stack(stack_position& from, stack_position to);

/// A position that starts entry() on the stack [low, low + bytes). entry never returns.
stack_position fresh_position(std::byte* low, std::size_t bytes, void (*entry)());

/// Stacks of equal size with a guard page below each, kept for the next launch.
class stack_pool {
 public:
  static constexpr std::size_t stack_bytes = std::size_t{128} * 1024;

  stack_pool() = default;
  stack_pool(const stack_pool&) = delete;
  stack_pool& operator=(const stack_pool&) = delete;
  ~stack_pool();

  /// A position that starts entry() on a stack from the pool; `low` gets the stack.
  stack_position start(std::byte*& low, void (*entry)());
  void give_back(std::byte* low) { free_.push_back(low); }

 private:
  std::vector<std::byte*> all_;
  std::vector<std::byte*> free_;
};

}  // namespace qtl::inline v0::gpu::emulated
