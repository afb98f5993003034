// SPDX-License-Identifier: Apache-2.0
#include "emulation/fiber_stack.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define QTL_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define QTL_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define QTL_ADDRESS_SANITIZER 0
#endif
#if QTL_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

#if defined(__x86_64__)
// Callee-saved registers go onto the old stack and come from the new one; the rest the caller has
// saved. A fresh stack holds six zeros and the entry's address.
asm(R"(
.text
.p2align 4
.globl qtl_emulated_switch
.hidden qtl_emulated_switch
.type qtl_emulated_switch, @function
qtl_emulated_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size qtl_emulated_switch, .-qtl_emulated_switch
)");
#elif defined(__aarch64__)
asm(R"(
.text
.p2align 4
.globl qtl_emulated_switch
.hidden qtl_emulated_switch
.type qtl_emulated_switch, %function
qtl_emulated_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x2, sp
  str x2, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size qtl_emulated_switch, .-qtl_emulated_switch
)");
#endif

namespace qtl::inline v0::gpu::emulated {

#if defined(__x86_64__) || defined(__aarch64__)

extern "C" void qtl_emulated_switch(stack_position* from, stack_position to);

void switch_stack(stack_position& from, stack_position to) { qtl_emulated_switch(&from, to); }

stack_position fresh_position(std::byte* low, std::size_t bytes, void (*entry)()) {
  auto* top = reinterpret_cast<std::uintptr_t*>(low + bytes);
#if defined(__x86_64__)
  // As after a call: at the entry rsp is 8 below a multiple of 16, and the return address is null.
  *--top = 0;
  *--top = reinterpret_cast<std::uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--top = 0;
#else
  for (int i = 0; i < 20; ++i) *--top = 0;
  top[11] = reinterpret_cast<std::uintptr_t>(entry);  // x30
#endif
  return top;
}

#else

// Slow but everywhere: a position is a ucontext that lives at the low end of its stack, or, for the
// stack of the launch, in static memory.
void switch_stack(stack_position& from, stack_position to) {
  static ucontext_t launch_context;
  static stack_position at = &launch_context;
  stack_position mine = at;
  from = mine;
  at = to;
  swapcontext(static_cast<ucontext_t*>(mine), static_cast<ucontext_t*>(to));
}

stack_position fresh_position(std::byte* low, std::size_t bytes, void (*entry)()) {
  auto* context = new (low) ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = low + sizeof(ucontext_t);
  context->uc_stack.ss_size = bytes - sizeof(ucontext_t);
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
  return context;
}

#endif

namespace {

/// Frames that a failure dropped stay poisoned for the address sanitizer; the next fiber may use
/// their memory.
void forget_frames([[maybe_unused]] std::byte* low) {
#if QTL_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(low, stack_pool::stack_bytes);
#endif
}

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

std::byte* map_stack() {
  const std::size_t guard = page_bytes();
  void* memory = mmap(nullptr, stack_pool::stack_bytes + guard, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE) != 0) {
    std::fprintf(stderr, "the emulator cannot map a fiber's stack\n");
    std::abort();
  }
  return static_cast<std::byte*>(memory) + guard;
}

}  // namespace

stack_pool::~stack_pool() {
  for (std::byte* low : all_) munmap(low - page_bytes(), stack_bytes + page_bytes());
}

stack_position stack_pool::start(std::byte*& low, void (*entry)()) {
  if (free_.empty()) {
    free_.push_back(map_stack());
    all_.push_back(free_.back());
  }
  low = free_.back();
  free_.pop_back();
  forget_frames(low);
  // Stacks begin at different offsets in their page, or all of them would share one cache set.
  const std::size_t page = reinterpret_cast<std::uintptr_t>(low) / page_bytes();
  return fresh_position(low, stack_bytes - page * 448 % 4096 / 64 * 64, entry);
}

}  // namespace qtl::inline v0::gpu::emulated
