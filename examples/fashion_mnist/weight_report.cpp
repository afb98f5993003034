// SPDX-License-Identifier: Apache-2.0
#include "weight_report.hpp"

#include <cstdio>
#include <numbers>
#include <random>

#include "progress_bar.hpp"
#include "text_table.hpp"

namespace fashion {
namespace {

constexpr Eigen::Index tokens = 64;

// Box and Muller's: std::normal_distribution differs between standard libraries.
matrix gaussian(Eigen::Index rows, Eigen::Index cols) {
  std::mt19937 engine(1);
  const auto uniform = [&] { return (static_cast<float>(engine() >> 8) + 0.5f) * 0x1p-24f; };
  matrix x(rows, cols);
  for (float& value : x.reshaped<Eigen::RowMajor>()) {
    const float radius = std::sqrt(-2.0f * std::log(uniform()));
    value = radius * std::cos(2.0f * std::numbers::pi_v<float> * uniform());
  }
  return x;
}

/// Every F32, F16 and BF16 matrix of the file.
std::vector<float_layer> float_matrices(const qtl::io::safetensors_file& file) {
  using qtl::io::dtype;
  std::vector<float_layer> layers;
  for (const qtl::io::tensor_info& tensor : file.tensors()) {
    const bool real =
        tensor.dtype == dtype::f32 || tensor.dtype == dtype::f16 || tensor.dtype == dtype::bf16;
    if (real && tensor.rank() == 2 && tensor.byte_size() != 0)
      layers.push_back({tensor.name, file.matrix(tensor.name), {}});
  }
  return layers;
}

std::vector<std::string> report_row(const float_layer& layer, const policy_entry& policy) {
  const matrix x = gaussian(tokens, layer.weight.cols());
  qtl::minmax_observer observer;
  qtl::throw_if_failed(observer.observe(x));
  qtl::io::safetensors_writer unused;
  const quantized_layer quantized = policy.quantize(layer, observer.range(), unused);

  const matrix exact = x * layer.weight.transpose();
  const matrix y = qtl::value_or_throw(quantized.linear.try_apply(qtl::as_view(x)));
  const double bits =
      8.0 * static_cast<double>(quantized.bytes) / static_cast<double>(layer.weight.size());
  const double output_error = static_cast<double>((y - exact).norm() / exact.norm());
  return {std::string(policy.name),
          formatted(bits, 2),
          formatted(quantized.weight_error.sqnr_db, 1),
          formatted(quantized.weight_error.max_abs, 4),
          formatted(100 * output_error, 2),
          quantized.linear.kernel_name()};
}

}  // namespace

void print_weight_report(const std::string& path, std::span<const policy_entry* const> chosen) {
  const std::vector<float_layer> layers = float_matrices(qtl::io::safetensors_file(path));
  std::printf("%s: %zu float matrices; outputs are for %d Gaussian tokens\n", path.c_str(),
              layers.size(), int(tokens));
  for (const float_layer& layer : layers) {
    text_table table({{"policy", true},
                      {"bits/weight"},
                      {"SQNR dB"},
                      {"max abs"},
                      {"output error %"},
                      {"kernel", true}});
    {
      progress_bar progress(chosen.size());
      for (const policy_entry* policy : chosen) {
        progress.step(layer.name + ", " + std::string(policy->name));
        table.add_row(report_row(layer, *policy));
      }
    }
    std::printf("\n%s, %td x %td\n%s", layer.name.c_str(), layer.weight.rows(), layer.weight.cols(),
                table.text().c_str());
  }
}

}  // namespace fashion
