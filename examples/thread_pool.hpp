// SPDX-License-Identifier: Apache-2.0
// examples/thread_pool.hpp - a small pool of threads that models qtl::Executor.
// Threads start once and meet at a barrier twice per job, so that a job allocates nothing.
#pragma once

#include <barrier>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

/// `threads` threads, the caller among them. One job at a time.
class thread_pool {
 public:
  explicit thread_pool(int threads) : gate_(threads) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  ~thread_pool() {
    call_ = nullptr;
    gate_.arrive_and_wait();
  }

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls f(i) for every i in [0, n); thread t takes t, t + threads, ...
  template<class F>
  void parallel_for(std::int64_t n, F&& f) {
    job_ = const_cast<void*>(static_cast<const void*>(std::addressof(f)));
    call_ = [](void* job, std::int64_t i) { (*static_cast<std::remove_reference_t<F>*>(job))(i); };
    n_ = n;
    gate_.arrive_and_wait();
    take_share(0);
    gate_.arrive_and_wait();
  }

 private:
  void work(int index) {
    for (;;) {
      gate_.arrive_and_wait();
      if (call_ == nullptr) return;
      take_share(index);
      gate_.arrive_and_wait();
    }
  }
  void take_share(int index) const {
    for (std::int64_t i = index; i < n_; i += threads()) call_(job_, i);
  }

  std::barrier<> gate_;
  void* job_ = nullptr;
  void (*call_)(void*, std::int64_t) = nullptr;
  std::int64_t n_ = 0;
  std::vector<std::jthread> workers_;  // last, so that they are joined while the rest still stands
};
