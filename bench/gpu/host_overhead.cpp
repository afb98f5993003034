// SPDX-License-Identifier: Apache-2.0
// bench/gpu/host_overhead.cpp - small layers, run again and again without waiting: kernels are
// short, so the host is what takes time. On the emulator launches do nothing meanwhile: the
// driver's part is missing, everything else is there.
#include "host_overhead.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "qtl/qtl.hpp"

#include "../paired_timing.hpp"
#include "data.hpp"

namespace qtl_bench {

namespace {

constexpr double goal_microseconds = 5.0;
constexpr int runs_of_a_sample = 200;
constexpr std::int64_t features = 256, depth = 512;

struct overhead {
  std::string layer;
  std::string variant;
  std::int64_t m = 0;
  int launches = 0;     ///< of a run, the zeroing of counters among them
  double choosing = 0;  ///< microseconds of a plan
  spread run;           ///< microseconds of a run whose plan is kept
};

/// A layer of a preset on the device, with operands that stay where they are.
template<class Preset>
class small_layer {
  using layer =
      qtl::QLinear<typename Preset::weight, typename Preset::activation, qtl::gpu_backend>;

 public:
  explicit small_layer(std::int64_t most_tokens)
      : layer_(qtl::quantize<typename Preset::weight>(uniform_matrix(features, depth, 1).view())),
        x_(tokens(most_tokens)), y_(poisoned(2 * most_tokens * features)),
        workspace_(
            qtl::value_or_throw(device_bytes::make(layer_.workspace_size(most_tokens) * 2))) {}

  overhead measure(std::int64_t m, const effort& e) {
    overhead o;
    o.layer = Preset::name.view();
    o.m = m;
    o.variant = layer_.plan(m)->variant.view();
    const bool reads_in_place = qtl::is_unscaled<typename Preset::activation::scheme>;
    const bool is_split = o.variant.find("split") != std::string::npos;
    o.launches = (reads_in_place ? 1 : 2) + (is_split ? 1 : 0);
    o.choosing = choosing_microseconds(m);
    run(m);
    qtl::throw_if_failed(qtl::gpu_backend::synchronize(main_stream()));
    set_kernels_run(false);
    std::vector<double> samples;
    for (int round = 0; round < e.rounds; ++round) {
      const double seconds = seconds_of([&] {
        for (int i = 0; i < runs_of_a_sample; ++i) run(m);
      });
      samples.push_back(seconds / runs_of_a_sample * 1e6);
      qtl::throw_if_failed(qtl::gpu_backend::synchronize(main_stream()));
    }
    set_kernels_run(true);
    o.run = spread_of(samples);
    return o;
  }

 private:
  static device_bytes tokens(std::int64_t m) {
    const std::vector<std::uint16_t> codes = encode_all<qtl::f16>(uniform_matrix(m, depth, 2));
    return std::move(upload(std::as_bytes(std::span(codes)), 1)[0]);
  }
  void run(std::int64_t m) {
    qtl::throw_if_failed(
        layer_.run(qtl::device_view<const qtl::f16>(
                       reinterpret_cast<const qtl::device_element<qtl::f16>*>(x_.data()), m, depth),
                   qtl::device_view<qtl::bf16>(
                       reinterpret_cast<qtl::device_element<qtl::bf16>*>(y_.data()), m, features),
                   {workspace_.span(), {}, main_stream()}));
  }

  // What a run would cost more if plans were not kept.
  double choosing_microseconds(std::int64_t m) const {
    const qtl::gemm_key key = layer_.key();
    const qtl::gemm_kernel* kernel = qtl::find_kernel<qtl::gpu_backend>(key);
    const qtl::device_facts device = layer_.device();
    std::vector<double> samples;
    qtl::gemm_plan plan;
    for (int i = 0; i < runs_of_a_sample; ++i)
      samples.push_back(1e6 * seconds_of([&] {
                          qtl::make_plan(*kernel, key, {m, features, depth, 1, &device}, plan);
                        }));
    return median(samples);
  }

  layer layer_;
  device_bytes x_;
  device_bytes y_;
  device_bytes workspace_;
};

template<class Preset>
void measure_layer(const effort& e, std::vector<overhead>& all) {
  small_layer<Preset> layer(512);
  for (const std::int64_t m : {1, 16, 128, 512}) all.push_back(layer.measure(m, e));
}

nlohmann::ordered_json to_json(const overhead& o) {
  return {{"layer", o.layer},          {"m", o.m},
          {"variant", o.variant},      {"launches", o.launches},
          {"choosing_us", o.choosing}, {"run_us", o.run.median},
          {"run_us_p10", o.run.p10},   {"run_us_p90", o.run.p90}};
}

bool write_json(const std::string& file, const std::vector<overhead>& all) {
  nlohmann::ordered_json j{{"schema", 1},
                           {"suite", "gpu_host_overhead"},
                           {"device", is_real_device() ? "cuda" : "emulated, without launches"},
                           {"goal_us", goal_microseconds},
                           {"cases", nlohmann::ordered_json::array()}};
  for (const overhead& o : all) j["cases"].push_back(to_json(o));
  std::ofstream out(file);
  out << j.dump(1) << '\n';
  return out.good();
}

void print_table(const std::vector<overhead>& all) {
  std::printf(
      "## The host's side of a run\n\n%s\n\n",
      is_real_device()
          ? "Microseconds of the host for each run of a layer whose plan is kept, driver and all."
          : "On the emulator, launches left out: everything but the driver's part.");
  std::printf(
      "| layer | m | what ran | launches | run | p10 to p90 | for each launch | choosing, once |\n"
      "|---|--:|---|--:|--:|---|--:|--:|\n");
  for (const overhead& o : all)
    std::printf("| %s | %lld | %s | %d | %.2f | %.2f to %.2f | %.2f | %.2f |\n", o.layer.c_str(),
                static_cast<long long>(o.m), o.variant.c_str(), o.launches, o.run.median, o.run.p10,
                o.run.p90, o.run.median / o.launches, o.choosing);
  if (!is_real_device()) return;
  double most = 0;
  for (const overhead& o : all) most = std::max(most, o.run.median / o.launches);
  std::printf("\nUnder %.0f us for each launch: %s (%.2f us).\n", goal_microseconds,
              most < goal_microseconds ? "reached" : "not reached", most);
}

}  // namespace

int print_host_overhead(const options& o) {
  std::vector<overhead> all;
  measure_layer<qtl::w8a8>(o.work, all);
  measure_layer<qtl::fp8>(o.work, all);
  measure_layer<qtl::w8a16>(o.work, all);
  print_table(all);
  if (o.json.empty() || write_json(o.json, all)) return 0;
  std::fprintf(stderr, "--json: cannot write '%s'\n", o.json.c_str());
  return 1;
}

}  // namespace qtl_bench
