// SPDX-License-Identifier: Apache-2.0
#include "summary.hpp"

#include <map>
#include <utility>

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

/// The rows of one policy and method, as they are met.
class summary_in_progress {
 public:
  void add(const sweep_row& row, const sweep_row* plain, bool has_inputs) {
    const auto elements = static_cast<double>(row.weights);
    bits_ += row.bits_per_weight * elements;
    weights_ += elements;
    seconds_ += row.seconds;
    weight_error_.add(relative_error(row.weight_sqnr_db));
    if (!has_inputs) return;
    output_error_.add(row.output_error);
    ratio_.add(plain == nullptr ? NAN : row.output_error / plain->output_error);
  }
  method_summary result(std::string policy, std::string method) const {
    return {std::move(policy),     std::move(method), bits_ / weights_, weight_error_.value(),
            output_error_.value(), ratio_.value(),    seconds_};
  }

 private:
  geometric_mean weight_error_;
  geometric_mean output_error_;
  geometric_mean ratio_;
  double bits_ = 0;
  double weights_ = 0;
  double seconds_ = 0;
};

}  // namespace

std::set<std::string_view> layers_with_inputs(std::span<const sweep_row> rows) {
  std::set<std::string_view> layers;
  for (const sweep_row& row : rows)
    if (std::isfinite(row.output_error)) layers.insert(row.layer);
  return layers;
}

std::vector<method_summary> summarize(std::span<const sweep_row> rows) {
  using key = std::pair<std::string, std::string>;
  const row_index index(rows);
  const std::set<std::string_view> measured = layers_with_inputs(rows);
  std::vector<key> order;
  std::map<key, summary_in_progress> sums;
  for (const sweep_row& row : rows) {
    const key k{row.policy, row.method};
    if (!sums.contains(k)) order.push_back(k);
    sums[k].add(row, index.find(row.layer, row.policy, "rtn"), measured.contains(row.layer));
  }
  std::vector<method_summary> all;
  for (const auto& [policy, method] : order)
    all.push_back(sums[{policy, method}].result(policy, method));
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
