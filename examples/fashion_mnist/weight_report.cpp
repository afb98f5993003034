// SPDX-License-Identifier: Apache-2.0
#include "weight_report.hpp"

#include <cstdio>
#include <numbers>
#include <random>

#include "../common/float_matrices.hpp"
#include "../common/progress_bar.hpp"
#include "../common/text_table.hpp"

namespace fashion {
namespace {

using common::formatted;

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

std::vector<std::string> report_row(const float_layer& layer, const policy_entry& policy) {
  const matrix x = gaussian(tokens, layer.weight.cols());
  const auto weight = qtl::value_or_throw(quantizers::quantize(
      *quantizers::find_policy(policy.desc.weight), *quantizers::find_method("rtn"),
      {qtl::as_view(layer.weight), qtl::as_view(x)}));
  qtl::io::safetensors_writer unused;
  const quantized_layer quantized = policy.make(layer, weight, x, unused);

  const matrix exact = x * layer.weight.transpose();
  const matrix y = qtl::value_or_throw(quantized.linear.try_apply(qtl::as_view(x)));
  const double output_error = static_cast<double>((y - exact).norm() / exact.norm());
  return {std::string(policy.name),         formatted(weight.bits_per_weight, 2),
          formatted(weight.sqnr_db, 1),     formatted(weight.max_abs, 4),
          formatted(100 * output_error, 2), quantized.linear.kernel_name()};
}

}  // namespace

void print_weight_report(const std::string& path, std::span<const policy_entry* const> chosen) {
  const qtl::io::safetensors_file file(path);
  const std::vector<std::string> names = common::float_matrix_names(file);
  std::printf("%s: %zu float matrices; outputs are for %d Gaussian tokens\n", path.c_str(),
              names.size(), int(tokens));
  for (const std::string& name : names) {
    const float_layer layer{name, file.matrix(name), {}};
    common::text_table table({{"policy", true},
                              {"bits/weight"},
                              {"SQNR dB"},
                              {"max abs"},
                              {"output error %"},
                              {"kernel", true}});
    {
      common::progress_bar progress(chosen.size());
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
