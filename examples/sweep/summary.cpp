// SPDX-License-Identifier: Apache-2.0
#include "summary.hpp"

#include <algorithm>

#include "../common/text_table.hpp"

namespace sweep {
namespace {

using common::formatted;

/// A mean of logarithms: 10 % more in one layer and 10 % less in another cancel out.
class geometric_mean {
 public:
  void add(double value) {
    sum_ += std::log(value);
    ++count_;
  }
  double value() const { return count_ == 0 ? NAN : std::exp(sum_ / count_); }

 private:
  double sum_ = 0;
  int count_ = 0;
};

/// The norm of the error over that of the weight.
double relative_error(double sqnr_db) { return std::pow(10.0, -sqnr_db / 20); }

const sweep_row* plain_rounding_of(std::span<const sweep_row> rows, const sweep_row& like) {
  for (const sweep_row& row : rows)
    if (row.layer == like.layer && row.policy == like.policy && row.method == "rtn") return &row;
  return nullptr;
}

method_summary summary_of(std::span<const sweep_row> rows, const sweep_row& first) {
  method_summary s;
  s.policy = first.policy;
  s.method = first.method;
  geometric_mean weight_error;
  geometric_mean output_error;
  geometric_mean ratio;
  double bits = 0;
  double weights = 0;
  double seconds = 0;
  for (const sweep_row& row : rows) {
    if (row.policy != s.policy || row.method != s.method) continue;
    const auto elements = static_cast<double>(row.weights);
    bits += row.bits_per_weight * elements;
    weights += elements;
    seconds += row.seconds;
    weight_error.add(relative_error(row.weight_sqnr_db));
    output_error.add(row.output_error);
    const sweep_row* plain = plain_rounding_of(rows, row);
    ratio.add(plain == nullptr ? NAN : row.output_error / plain->output_error);
  }
  s.bits_per_weight = bits / weights;
  s.seconds = seconds;
  s.weight_error = weight_error.value();
  s.output_error = output_error.value();
  s.ratio_to_rtn = ratio.value();
  return s;
}

}  // namespace

std::vector<method_summary> summarize(std::span<const sweep_row> rows) {
  std::vector<method_summary> all;
  for (const sweep_row& row : rows) {
    const bool known = std::ranges::any_of(all, [&](const method_summary& s) {
      return s.policy == row.policy && s.method == row.method;
    });
    if (!known) all.push_back(summary_of(rows, row));
  }
  return all;
}

std::string layer_tables(std::span<const sweep_row> rows) {
  std::string text;
  for (std::size_t begin = 0; begin < rows.size();) {
    const sweep_row& first = rows[begin];
    common::text_table table({{"policy", true},
                              {"method", true},
                              {"bits/weight"},
                              {"SQNR dB"},
                              {"output error %"},
                              {"seen %"},
                              {"seconds"},
                              {"note", true}});
    std::size_t end = begin;
    for (; end < rows.size() && rows[end].layer == first.layer; ++end) {
      const sweep_row& row = rows[end];
      if (end > begin && row.policy != rows[end - 1].policy) table.add_rule();
      table.add_row({row.policy, row.method, formatted(row.bits_per_weight, 2),
                     formatted(row.weight_sqnr_db, 1), formatted(100 * row.output_error, 2),
                     formatted(100 * row.seen_error, 2), formatted(row.seconds, 3), row.note});
    }
    text += first.layer + ", " + common::with_commas(first.weights) + " weights\n\n" +
            table.text() + "\n";
    begin = end;
  }
  return text;
}

std::string summary_table(std::span<const method_summary> summaries) {
  common::text_table table({{"policy", true},
                            {"method", true},
                            {"bits/weight"},
                            {"weight error %"},
                            {"output error %"},
                            {"over rtn"},
                            {"seconds"}});
  std::string_view policy = summaries.empty() ? "" : std::string_view(summaries.front().policy);
  for (const method_summary& s : summaries) {
    if (s.policy != policy) table.add_rule();
    policy = s.policy;
    table.add_row({s.policy, s.method, formatted(s.bits_per_weight, 2),
                   formatted(100 * s.weight_error, 2), formatted(100 * s.output_error, 2),
                   formatted(s.ratio_to_rtn, 3), formatted(s.seconds, 2)});
  }
  return table.text();
}

}  // namespace sweep
