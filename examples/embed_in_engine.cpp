// SPDX-License-Identifier: Apache-2.0
// examples/embed_in_engine.cpp - QTL inside an inference engine: no exceptions, no RTTI, no
// allocation while running, the engine's own threads, memory and logging. Built with
// -fno-exceptions -fno-rtti.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <qtl/cpu.hpp>

#include "thread_pool.hpp"

// Every operator new of the process is counted.
static std::atomic<int> allocations = 0;

void* operator new(std::size_t size) {
  ++allocations;
  return std::malloc(size);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  ++allocations;
  const auto a = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(a, (size + a - 1) / a * a);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }

using layer_type = qtl::QLinear<qtl::w8a8::weight, qtl::w8a8::activation>;

// The engine's way to report. A status holds its sentence itself and allocates nothing.
static bool good(const qtl::status& s) {
  if (!s.ok()) std::printf("%s: %s\n", qtl::to_string(s.code), s.message.c_str());
  return s.ok();
}

static qtl::result<layer_type> load_layer(qtl::matrix_view<const float> weight,
                                          std::span<const float> bias) {
  qtl::result<qtl::QTensor<qtl::w8a8::weight>> q = qtl::try_quantize<qtl::w8a8::weight>(weight);
  if (!q.ok()) return q.why();
  return layer_type::make(*std::move(q), bias);
}

int main() {
  constexpr std::int64_t m = 8, n = 96, k = 256;
  static float weight[n * k], bias[n], x[m * k], y[m * n];
  for (std::int64_t i = 0; i < n * k; ++i) weight[i] = std::sin(0.7f * float(i));
  for (std::int64_t i = 0; i < m * k; ++i) x[i] = std::cos(0.3f * float(i));

  // Load: allocates once, and may fail.
  const qtl::result<layer_type> layer = load_layer({weight, n, k}, bias);
  if (!good(layer.why())) return 1;

  // Plan: how much workspace, which kernel (plan->kernel_name()). Strict: no slow fallback.
  thread_pool pool(2);
  const qtl::result<qtl::linear_plan> plan =
      layer->plan(m, qtl::strictness::strict, pool.threads());
  if (!good(plan.why())) return 1;

  static std::byte arena[4 << 20];
  if (plan->workspace_size > std::int64_t{sizeof arena}) return 1;

  // Run: the engine's memory and threads.
  const std::span<std::byte> workspace(arena, std::size_t(plan->workspace_size));
  const int before = allocations;
  for (int token = 0; token < 100; ++token)
    if (!good(layer->run({x, m, k}, {y, m, n}, {workspace, pool}))) return 1;
  std::printf("allocations while running: %d\n", allocations - before);

  // Mistakes come back with numbers, and nothing is written.
  good(layer->run({x, m, k - 1}, {y, m, n}, {workspace, pool}));
  good(layer->run({x, m, k}, {y, m + 1, n}, {workspace, pool}));
  weight[5 * k + 7] = NAN;
  good(load_layer({weight, n, k}, bias).why());
}

// Output:
// allocations while running: 0
// shape_mismatch: x: number of columns is 255, expected 256
// shape_mismatch: y: number of rows is 9, expected 8
// not_finite: x: element at row 5, column 7 is NaN, expected a finite value
