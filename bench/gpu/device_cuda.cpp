// SPDX-License-Identifier: Apache-2.0
// bench/gpu/device_cuda.cpp - a device that CUDA runs.
#include <stdexcept>

#include <cuda_runtime.h>

#include "device.hpp"

namespace qtl_bench {

namespace {

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

class event {
 public:
  event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~event() { cudaEventDestroy(event_); }
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  void mark() {
    check(cudaEventRecord(event_, static_cast<cudaStream_t>(main_stream())), "cudaEventRecord");
  }
  double seconds_since(const event& start) {
    check(cudaEventSynchronize(event_), "cudaEventSynchronize");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start.event_, event_), "cudaEventElapsedTime");
    return milliseconds * 1e-3;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

class graph_recording : public recording {
 public:
  explicit graph_recording(cudaGraph_t graph) {
    const cudaError_t error = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);
    check(error, "cudaGraphInstantiate");
  }
  ~graph_recording() override { cudaGraphExecDestroy(executable_); }

  double replay() override {
    start_.mark();
    check(cudaGraphLaunch(executable_, static_cast<cudaStream_t>(main_stream())),
          "cudaGraphLaunch");
    end_.mark();
    return end_.seconds_since(start_);
  }

 private:
  cudaGraphExec_t executable_ = nullptr;
  event start_, end_;
};

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

std::unique_ptr<recording> record(int launches, const std::function<void(int turn)>& f) {
  const auto stream = static_cast<cudaStream_t>(main_stream());
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
  cudaGraph_t graph = nullptr;
  try {
    for (int turn = 0; turn < launches; ++turn) f(turn);
  } catch (...) {  // the stream is needed by others
    cudaStreamEndCapture(stream, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    throw;
  }
  check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  return std::make_unique<graph_recording>(graph);
}

void* main_stream() {
  static const cudaStream_t stream = [] {
    cudaStream_t s = nullptr;
    check(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    return s;
  }();
  return stream;
}

void copy_on_device(void* to, const void* from, std::int64_t bytes) {
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice,
                        static_cast<cudaStream_t>(main_stream())),
        "cudaMemcpyAsync");
}

bool is_real_device() { return true; }

void set_kernels_run(bool) {}

std::string driver_version() {
  int driver = 0;
  int runtime = 0;
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  return "driver " + version_text(driver) + ", runtime " + version_text(runtime);
}

}  // namespace qtl_bench
