// SPDX-License-Identifier: Apache-2.0
// bench/gpu/device.hpp - what a benchmark asks of a device beyond gpu_backend: a stream, launches
// recorded once and timed as one, a copy.
// Holds: recording, record, main_stream, copy_on_device, set_kernels_run, driver_version. Two files define them:
// device_cuda.cpp, and device_emulated.cpp, with which the whole program can be tried without a
// GPU.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "qtl/gpu.hpp"

namespace qtl_bench {

/// Bytes of the device, given back at the end.
using device_bytes = qtl::device_buffer<std::byte>;

/// Launches that were recorded once: a CUDA graph.
class recording {
 public:
  virtual ~recording() = default;
  /// Runs them all and waits; seconds of the device from before the first to after the last.
  virtual double replay() = 0;
};

/// Records f(0), f(1) ... f(launches - 1), which put their work into main_stream().
std::unique_ptr<recording> record(int launches, const std::function<void(int turn)>& f);

/// The one stream of the program.
void* main_stream();

void copy_on_device(void* to, const void* from, std::int64_t bytes);

/// Whether times mean anything: false on the emulator.
bool is_real_device();

/// false: launches do nothing from here on, so that what is left is the host's own work. The
/// emulator can do that; a GPU runs beside the host, and takes no notice.
void set_kernels_run(bool run);

/// "driver 13.0, runtime 13.0".
std::string driver_version();

}  // namespace qtl_bench
