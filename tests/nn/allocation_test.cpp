// SPDX-License-Identifier: Apache-2.0
// tests/nn/allocation_test.cpp - run() never allocates, for every preset, at shapes of one and of
// many tiles. The functions of malloc's family are replaced by ones that count; under a sanitizer,
// which has its own, its hooks do.
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include "effort.hpp"
#include "nn/layer_cases.hpp"

namespace {

// Allocations of this thread since the program began. Volatile: compilers know that malloc touches
// no variable.
thread_local volatile std::int64_t allocation_count = 0;

void count_one() { allocation_count = allocation_count + 1; }

std::int64_t allocations() { return allocation_count; }

}  // namespace

#if defined(QTL_TEST_SANITIZED)

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));

static bool can_count_allocations() {
  static const bool installed =
      __sanitizer_install_malloc_and_free_hooks(
          [](const volatile void*, std::size_t) { count_one(); }, [](const volatile void*) {}) != 0;
  return installed;
}

#elif defined(__GLIBC__)

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count_one();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  count_one();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  count_one();
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  count_one();
  *memory = __libc_memalign(alignment, size);
  return *memory != nullptr ? 0 : ENOMEM;
}
}

static bool can_count_allocations() { return true; }

#else

static bool can_count_allocations() { return false; }

#endif

namespace {

using namespace qtl;

// Says that it has four threads and uses one: the paths of several workers, without a pool's own
// allocations.
struct four_in_turn {
  static int threads() { return 4; }
  static void parallel_for(std::int64_t n, auto&& f) {
    for (std::int64_t i = 0; i < n; ++i) f(i);
  }
};

TEST_CASE("the counter sees what it must") {
  if (!can_count_allocations()) return;
  const auto counts = [](auto&& allocate) {
    const std::int64_t before = allocations();
    allocate();
    return allocations() - before;
  };
  void* volatile kept = nullptr;  // compilers may drop an allocation that nobody looks at
  CHECK(counts([&] { kept = std::malloc(1); }) == 1);
  std::free(kept);
  CHECK(counts([&] { kept = ::operator new(1); }) == 1);
  ::operator delete(kept);
  CHECK(counts([] { const auto b = buffer<float>::make(100); }) == 1);  // aligned operator new
  CHECK(counts([] { const Eigen::MatrixXf m(30, 30); }) >= 1);
  CHECK(counts([] {}) == 0);
}

void check_run(const qtl_test::layer_case& c, std::int64_t m, std::int64_t n, std::int64_t k) {
  const matrix<float> w = qtl_test::noise_matrix(n, k, 1);
  const matrix<float> x = qtl_test::noise_matrix(m, k, 2);
  const any_linear layer = c.make(w.view(), qtl_test::noise_vector(n, 3), {-2, 2});
  matrix<float> y = *matrix<float>::make(m, n);
  four_in_turn executor;
  std::vector<std::byte> workspace(static_cast<std::size_t>(layer.workspace_size(m, 4)));
  const run_context serial{workspace, {}, nullptr};
  const run_context four{workspace, executor, nullptr};

  const std::int64_t before = allocations();
  const status one = layer.run(x.view(), y.view(), serial);
  const status other = layer.run(x.view(), y.view(), four);
  const std::int64_t after = allocations();

  CAPTURE(c.name);
  CAPTURE(m);
  CHECK(one.ok());
  CHECK(other.ok());
  CHECK(after - before == 0);
}

TEST_CASE("run() allocates nothing") {
  if (!can_count_allocations()) return;
  for (const qtl_test::layer_case& c : qtl_test::layer_cases()) {
    check_run(c, 1, 512, 512);
    check_run(c, 3, 33, 129);
    check_run(c, 64, 1, 500);
    check_run(c, 0, 5, 7);
    if (c.is_preset) check_run(c, qtl_test::effort(256, 65), 512, 512);
  }
}

TEST_CASE("errors of run() allocate nothing either") {
  if (!can_count_allocations()) return;
  const any_linear layer =
      qtl_test::layer_cases().front().make(qtl_test::noise_matrix(3, 5, 1).view(), {}, {});
  const matrix<float> x = qtl_test::noise_matrix(2, 6, 1);
  matrix<float> y = *matrix<float>::make(2, 3);
  const std::int64_t before = allocations();
  const status s = layer.run(x.view(), y.view(), {});
  CHECK(allocations() == before);
  CHECK_FALSE(s.ok());
}

}  // namespace
