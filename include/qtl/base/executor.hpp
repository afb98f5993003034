// SPDX-License-Identifier: Apache-2.0
// qtl/base/executor.hpp - the caller's threads.
// Holds: the concept Executor, serial_executor, executor_ref. The library never starts a thread of its own.
// To use a pool: a class with threads() and parallel_for(n, f); adapters stand in docs/extend/backend.md.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "qtl/base/config.hpp"

namespace qtl::inline v0 {

/// Satisfied by a class with `int threads()` and `parallel_for(std::int64_t n, f)` that calls f(i)
/// once for every i in [0, n), in any order, on any threads, and returns when all are done.
/// Why: an engine owns its pool, and two pools fight.
template<class E>
concept Executor = requires(E& executor, std::int64_t n, void (*f)(std::int64_t)) {
  { executor.threads() } -> std::convertible_to<int>;
  executor.parallel_for(n, f);
};

/// Runs everything on the calling thread.
struct serial_executor {
  static constexpr int threads() { return 1; }
  template<class F>
  static constexpr void parallel_for(std::int64_t n, F&& f) {
    for (std::int64_t i = 0; i < n; ++i) f(i);
  }
};

/// Any Executor behind two plain pointers, so that kernels are not instantiated per executor. Does
/// not own it. A default-made one is serial.
class executor_ref {
 public:
  executor_ref() = default;

  template<Executor E>
    requires(!std::same_as<E, executor_ref>)
  executor_ref(E& executor)
      : object_(__builtin_addressof(executor)), threads_(static_cast<int>(executor.threads())),
        run_(&run_on<E>) {}

  int threads() const { return threads_; }

  /// Calls f(i) for every i in [0, n).
  template<class F>
  void parallel_for(std::int64_t n, F&& f) const {
    if (run_ == nullptr || n <= 1) return serial_executor::parallel_for(n, f);
    task t{const_cast<void*>(static_cast<const void*>(__builtin_addressof(f))),
           [](void* object, std::int64_t i) {
             (*static_cast<std::remove_reference_t<F>*>(object))(i);
           }};
    run_(object_, n, t);
  }

 private:
  struct task {
    void* object;
    void (*call)(void*, std::int64_t);
    void operator()(std::int64_t i) const { call(object, i); }
  };

  template<class E>
  static void run_on(void* executor, std::int64_t n, task t) {
    static_cast<E*>(executor)->parallel_for(n, t);
  }

  void* object_ = nullptr;
  int threads_ = 1;
  void (*run_)(void*, std::int64_t, task) = nullptr;
};

}  // namespace qtl::inline v0
