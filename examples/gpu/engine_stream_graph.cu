// SPDX-License-Identifier: Apache-2.0
// examples/gpu/engine_stream_graph.cu - QTL inside a CUDA engine: the engine's pointers, its
// stream, and two layers captured in one CUDA graph that is replayed without touching the host.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include <cuda_fp16.h>

#include "qtl/gpu.hpp"
#include "qtl/gpu/backend.cuh"

namespace {

using W = qtl::w4a16::weight;
using layer_type = qtl::QLinear<W, qtl::a16, qtl::gpu_backend>;

bool good(cudaError_t e) {
  if (e != cudaSuccess) std::printf("CUDA: %s\n", cudaGetErrorString(e));
  return e == cudaSuccess;
}
bool good(const qtl::status& s) {
  if (!s.ok()) std::printf("%s: %s\n", qtl::to_string(s.code), s.message.c_str());
  return s.ok();
}

// A layer of made-up weights. Making one allocates and waits; running it does neither.
qtl::result<layer_type> load_layer(std::int64_t n, std::int64_t k, float frequency) {
  std::vector<float> weight(std::size_t(n * k));
  for (std::size_t i = 0; i < weight.size(); ++i)
    weight[i] = std::sin(frequency * float(i)) / std::sqrt(float(k));
  const auto w = qtl::try_quantize<W>(qtl::as_view(std::span<const float>(weight), n, k));
  if (!w.ok()) return w.why();
  return layer_type::make(*w);
}

struct engine {
  static constexpr std::int64_t m = 8, k = 1024, hidden = 4096;
  __half* x = nullptr;
  __half* h = nullptr;
  __half* y = nullptr;
  std::byte* workspace = nullptr;
  std::int64_t workspace_size = 0;
  cudaStream_t stream = nullptr;

  bool allocate(const layer_type& up, const layer_type& down) {
    // One workspace serves layers that follow each other in a stream.
    workspace_size = std::max(up.workspace_size(m), down.workspace_size(m));
    return good(cudaMalloc(&x, m * k * sizeof(__half))) &&
           good(cudaMalloc(&h, m * hidden * sizeof(__half))) &&
           good(cudaMalloc(&y, m * k * sizeof(__half))) &&
           good(cudaMalloc(&workspace, std::size_t(workspace_size))) &&
           good(cudaMemset(x, 0x11, m * k * sizeof(__half))) && good(cudaStreamCreate(&stream));
  }

  bool run(const layer_type& up, const layer_type& down) const {
    const qtl::run_context context{{workspace, std::size_t(workspace_size)}, {}, stream};
    return good(up.run(qtl::device_view<const qtl::f16>(x, m, k),
                       qtl::device_view<qtl::f16>(h, m, hidden), context)) &&
           good(down.run(qtl::device_view<const qtl::f16>(h, m, hidden),
                         qtl::device_view<qtl::f16>(y, m, k), context));
  }

  // The bits of y after the stream is done.
  std::vector<unsigned short> result() const {
    std::vector<unsigned short> bits(std::size_t(m * k));
    good(cudaMemcpyAsync(bits.data(), y, bits.size() * 2, cudaMemcpyDeviceToHost, stream));
    good(cudaStreamSynchronize(stream));
    return bits;
  }
};

}  // namespace

int main() {
  qtl::result<layer_type> up = load_layer(engine::hidden, engine::k, 0.7f);
  if (!good(up.why())) return 1;
  const qtl::result<layer_type> down = load_layer(engine::k, engine::hidden, 0.3f);
  if (!good(down.why())) return 1;
  up->set_epilogue(qtl::activation_function::gelu);
  std::printf("up: %s, %s\n", up->kernel_name(), up->plan(engine::m)->variant.c_str());

  engine e;
  if (!e.allocate(*up, *down) || !e.run(*up, *down)) return 1;
  const std::vector<unsigned short> direct = e.result();

  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  if (!good(cudaStreamBeginCapture(e.stream, cudaStreamCaptureModeGlobal)) || !e.run(*up, *down) ||
      !good(cudaStreamEndCapture(e.stream, &graph)) ||
      !good(cudaGraphInstantiate(&replay, graph, 0)))
    return 1;
  good(cudaMemsetAsync(e.y, 0, engine::m * engine::k * sizeof(__half), e.stream));
  for (int i = 0; i < 100; ++i)
    if (!good(cudaGraphLaunch(replay, e.stream))) return 1;
  std::printf("replayed: %s\n", e.result() == direct ? "the same bits" : "other bits");
}
