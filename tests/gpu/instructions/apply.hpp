// SPDX-License-Identifier: Apache-2.0
// tests/gpu/instructions/apply.hpp - one function of one thread, on a whole array.
#pragma once

#include <cstdint>
#include <vector>

#include "qtl/base/math.hpp"
#include "qtl/gpu/ptx/memory.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "gpu/device.hpp"

namespace qtl_test {

/// to[i] = Function::of(from[i]).
template<class Function>
struct apply_kernel {
  using input = typename Function::input;
  using output = typename Function::output;
  struct params {
    const input* from;
    output* to;
    std::int64_t count;
  };
  static constexpr qtl::short_name name = "apply";
  static constexpr int threads = 128;
  static constexpr int min_blocks = 1;
  static constexpr int per_thread = 16;
  static constexpr qtl::gpu::gpu_target least_target = qtl::gpu::gpu_target::sm_80;
  static constexpr std::uint32_t shared_bytes = 0;

  static qtl::gpu::dim grid(const params& p) {
    return {static_cast<unsigned>(qtl::ceil_div<std::int64_t>(p.count, threads * per_thread))};
  }

  QTL_DEVICE static void run(const params& p) {
    namespace ptx = qtl::gpu::ptx;
    const std::int64_t first =
        static_cast<std::int64_t>(ptx::block_index_x()) * threads * per_thread;
    for (int step = 0; step < per_thread; ++step) {
      const std::int64_t i = first + step * threads + ptx::thread_index();
      if (i < p.count) ptx::store_global(p.to + i, Function::of(ptx::load_global(p.from + i)));
    }
  }
};

/// Function of every element, computed by the GPU.
template<class Function>
std::vector<typename Function::output> apply(const std::vector<typename Function::input>& from) {
  const device_array<typename Function::input> input(from);
  const device_array<typename Function::output> output(input.size());
  run_kernel<apply_kernel<Function>>({input.data(), output.data(), input.size()});
  return output.download();
}

}  // namespace qtl_test
