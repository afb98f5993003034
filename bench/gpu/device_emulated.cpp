// SPDX-License-Identifier: Apache-2.0
// bench/gpu/device_emulated.cpp - the emulator as the device: kernels run on the CPU, and times say
// nothing about a GPU.
#include <cstring>

#include "qtl/gpu/ptx/emulated.hpp"

#include "../paired_timing.hpp"
#include "device.hpp"

namespace qtl_bench {

namespace {

class emulated_recording : public recording {
 public:
  emulated_recording(int launches, std::function<void(int turn)> f)
      : launches_(launches), f_(std::move(f)) {}

  double replay() override {
    return seconds_of([&] {
      for (int turn = 0; turn < launches_; ++turn) f_(turn);
    });
  }

 private:
  int launches_;
  std::function<void(int turn)> f_;
};

}  // namespace

std::unique_ptr<recording> record(int launches, const std::function<void(int turn)>& f) {
  return std::make_unique<emulated_recording>(launches, f);
}

void* main_stream() { return nullptr; }

void copy_on_device(void* to, const void* from, std::int64_t bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

bool is_real_device() { return false; }

void set_kernels_run(bool run) { qtl::gpu::emulated::current_settings().runs_kernels = run; }

std::string driver_version() { return "the emulator: times say nothing about a GPU"; }

}  // namespace qtl_bench
