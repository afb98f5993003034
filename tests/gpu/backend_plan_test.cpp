// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend_plan_test.cpp - a layer decides once for each number of tokens: tiles are
// chosen and tensor maps encoded the first time, and later runs only bind what has moved.
#include <array>
#include <atomic>

#include "qtl/gpu/host/device.cuh"
#include "qtl/gpu/ptx/emulated_hopper.hpp"

#include "gpu/backend_case.hpp"

namespace {

using namespace qtl;
using qtl_test::device_array;
using qtl_test::require_ok;

/// gpu_backend's own kernel, which counts how often it is asked to choose.
struct counted_kernel {
  static inline std::atomic<int> choices = 0;

  static const gemm_kernel& real() {
    static const gemm_kernel& found = *find_kernel<gpu_backend>(
        make_gemm_key(describe_linear<w8a8::weight, w8a8::activation>(), output_kind::as_f32, 1));
    return found;
  }
  static void make_plan(const gemm_key& key, const gemm_shape& s, gemm_plan& p) {
    ++choices;
    real().make_plan(key, s, p);
  }
};

/// A backend with that kernel alone.
struct counting_backend : gpu::backend_memory {
  static constexpr short_name name = "counting";
  static std::span<const gemm_kernel> kernels() {
    static const std::array list = [] {
      gemm_kernel k = counted_kernel::real();
      k.make_plan = counted_kernel::make_plan;
      return std::array{k};
    }();
    return list;
  }
  static std::span<const device_quantizer> quantizers() { return gpu_backend::quantizers(); }
};

std::uint64_t encoded_maps() {
#if QTL_GPU_EMULATED
  return gpu::emulated::encoded_tensor_maps();
#else
  return 0;  // the driver does not count
#endif
}

/// Runs a layer with operands that stay where they are, and says what that took.
struct planned_runs {
  using layer = QLinear<w8a8::weight, w8a8::activation, counting_backend>;
  struct count {
    int choices;
    std::uint64_t maps;
    friend bool operator==(const count&, const count&) = default;
  };

  layer made = qtl_test::make_layer<w8a8, counting_backend>({1, 250, 400});
  device_array<float> x{std::vector<float>(300 * 400, 0.5f)};
  device_array<float> y{300 * 250};
  device_array<std::byte> workspace{made.workspace_size(300) + 4096};

  count run(std::int64_t m, std::int64_t workspace_offset = 0) {
    const count before{counted_kernel::choices, encoded_maps()};
    const std::span<std::byte> all(workspace.data(), static_cast<std::size_t>(workspace.size()));
    require_ok(made.run(device_view<f32>(x.data(), m, 400), device_view<f32>(y.data(), m, 250),
                        {all.subspan(static_cast<std::size_t>(workspace_offset)), {}, nullptr}));
    return {counted_kernel::choices - before.choices, encoded_maps() - before.maps};
  }
};

#if QTL_GPU_EMULATED
TEST_CASE("the second run of a shape chooses nothing and encodes nothing") {
  planned_runs runs;
  REQUIRE(runs.made.plan(300)->variant.view().starts_with("wgmma"));
  const auto first = runs.run(300);
  CHECK(first.choices == 0);  // the plan was asked for above, and kept
  CHECK(first.maps == 2);     // x and w
  CHECK(runs.run(300) == planned_runs::count{0, 0});
  CHECK(runs.run(300) == planned_runs::count{0, 0});
  // Codes at another place: their map alone is encoded again, and kept in turn.
  CHECK(runs.run(300, 1024) == planned_runs::count{0, 1});
  CHECK(runs.run(300, 1024) == planned_runs::count{0, 0});
  // Another number of tokens is chosen for once.
  const auto other = runs.run(200);
  CHECK(other.choices == 1);
  CHECK(runs.run(200) == planned_runs::count{0, 0});
  CHECK(runs.run(300, 1024) == planned_runs::count{0, 0});
}

TEST_CASE("an output that the copy engine writes has a map too, which is kept as well") {
  const auto made = qtl_test::make_layer<w8a8, counting_backend>({1, 256, 400});
  const device_array<float> x(std::vector<float>(300 * 400, 0.5f));
  const device_array<float> y(2 * 300 * 256);
  const device_array<std::byte> workspace(made.workspace_size(300));
  const auto maps_of_run = [&](std::int64_t first_row) {
    const std::uint64_t before = encoded_maps();
    require_ok(made.run(device_view<f32>(x.data(), 300, 400),
                        device_view<f32>(y.data() + first_row * 256, 300, 256),
                        {{workspace.data(), static_cast<std::size_t>(workspace.size())}, {}, {}}));
    return encoded_maps() - before;
  };
  REQUIRE(made.plan(300)->variant.view().starts_with("wgmma"));
  const std::uint64_t all = maps_of_run(0);
  CHECK(all >= 2);  // x, w; and y, where the kernel leaves its outputs to the copy engine
  CHECK(maps_of_run(0) == 0);
  CHECK(maps_of_run(300) == all - 2);
  CHECK(maps_of_run(300) == 0);
}

TEST_CASE("plans and workspace sizes come from the same choice") {
  planned_runs runs;
  const int before = counted_kernel::choices;
  const linear_plan p = *runs.made.plan(64);
  CHECK(counted_kernel::choices == before + 1);
  CHECK(runs.made.workspace_size(64) == p.workspace_size);
  CHECK(runs.made.plan(64)->variant == p.variant);
  CHECK(counted_kernel::choices == before + 1);
}

TEST_CASE("more shapes than are kept still run, and are chosen for again") {
  planned_runs runs;
  for (std::int64_t m = 1; m <= plan_cache::slots; ++m) static_cast<void>(runs.made.plan(m));
  const int before = counted_kernel::choices;
  for (std::int64_t m = 1; m <= plan_cache::slots; ++m) static_cast<void>(runs.made.plan(m));
  CHECK(counted_kernel::choices == before);
  static_cast<void>(runs.made.plan(99));
  static_cast<void>(runs.made.plan(1));
  CHECK(counted_kernel::choices == before + 2);
}
#endif

TEST_CASE("kept maps give the same outputs as new ones, at whichever place the codes are") {
  planned_runs runs;
  static_cast<void>(runs.run(300));
  const std::vector<float> first = runs.y.download();
  static_cast<void>(runs.run(300, 2048));
  CHECK(runs.y.download() == first);
  static_cast<void>(runs.run(300));
  CHECK(runs.y.download() == first);
}

TEST_CASE("a kernel that is called without a plan makes its own") {
  const gemm_kernel& kernel = counted_kernel::real();
  const device_facts device = *gpu::current_facts();
  const gemm_key key =
      make_gemm_key(describe_linear<w8a8::weight, w8a8::activation>(), output_kind::as_f32, 400);
  const gemm_shape shape{300, 250, 400, 1, &device};
  gemm_plan plan;
  make_plan(kernel, key, shape, plan);
  CHECK(plan.m == 300);
  CHECK(kernel.variant(key, shape) == plan.variant);
  CHECK(kernel.workspace_size(key, shape) == plan.workspace_size);
}

}  // namespace
