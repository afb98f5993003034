// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/demo.cpp - a small network under every preset: size, error, accuracy,
// kernel, time. Run it as ./dev demo; docs/demo.md explains the table. Not here: any policy by name
// (policies.hpp walks them all).
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>

#include "../thread_pool.hpp"
#include "command_line.hpp"
#include "evaluation.hpp"
#include "exports.hpp"
#include "progress_bar.hpp"
#include "svg_plot.hpp"
#include "text_table.hpp"
#include "weight_report.hpp"

namespace fashion {
namespace {

/// The folder for checkpoints: the user's, or one that goes away.
class checkpoint_folder {
 public:
  explicit checkpoint_folder(const std::string& kept) : path_(kept), temporary_(kept.empty()) {
    if (temporary_)
      path_ = std::filesystem::temp_directory_path() /
              ("qtl-demo-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directories(path_);
  }
  checkpoint_folder(const checkpoint_folder&) = delete;
  checkpoint_folder& operator=(const checkpoint_folder&) = delete;
  ~checkpoint_folder() {
    std::error_code ignored;
    if (temporary_) std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
  bool temporary_;
};

std::string all_names() {
  std::string names;
  for (const policy_entry& entry : policies()) names.append(" ").append(entry.name);
  return names;
}

std::vector<const policy_entry*> chosen_policies(const options& o) {
  std::vector<const policy_entry*> chosen;
  for (const std::string& name : o.policies) {
    chosen.push_back(find_policy(name));
    if (chosen.back() == nullptr)
      throw usage_error("--policy: no preset is called '" + name + "'; there are" + all_names());
  }
  if (chosen.empty())
    for (const policy_entry& entry : policies()) chosen.push_back(&entry);
  return chosen;
}

experiment load_experiment(const options& o) {
  experiment e;
  e.network = load_network(qtl::io::safetensors_file(o.data + "/model.safetensors"));
  e.images = load_images(o.data + "/images.safetensors", o.images);
  e.ranges = input_ranges(e.network, e.images.calibration);
  e.repetitions = o.repetitions;
  return e;
}

std::vector<table_row> evaluate_all(experiment& e, const std::vector<const policy_entry*>& chosen) {
  progress_bar progress(chosen.size() + 1);
  progress.step("float");
  std::vector<table_row> rows{evaluate_float(e)};
  for (const policy_entry* policy : chosen) {
    progress.step(policy->name);
    rows.push_back(evaluate(e, *policy));
  }
  return rows;
}

std::string table_of(const std::vector<table_row>& rows) {
  text_table table({{"policy", true},
                    {"bits/weight"},
                    {"bytes"},
                    {"SQNR dB"},
                    {"top-1 %"},
                    {"time ms"},
                    {"speed"},
                    {"kernel", true}});
  for (const table_row& row : rows) {
    table.add_row({row.policy, formatted(row.bits_per_weight, 2), with_commas(row.bytes),
                   formatted(row.sqnr_db, 1), formatted(100 * row.accuracy, 2),
                   formatted(row.milliseconds, 1), formatted(row.speed, 2) + "x", row.kernels});
    if (row.is_float) table.add_rule();
  }
  return table.text();
}

/// Says whether every reloaded checkpoint gave the same bits.
bool report_reloads(const std::vector<table_row>& rows) {
  std::size_t same = 0;
  for (const table_row& row : rows) {
    if (!row.is_float && row.identical) ++same;
    if (!row.identical)
      std::fprintf(stderr, "demo: %s: the reloaded checkpoint gives other outputs\n",
                   row.policy.c_str());
  }
  const std::size_t all = rows.size() - 1;
  std::printf(
      "\n%zu of %zu checkpoints were saved, reloaded and gave the same outputs to the bit.\n", same,
      all);
  return same == all;
}

bool run_demo(const options& o) {
  const std::vector<const policy_entry*> chosen = chosen_policies(o);
  if (!o.model.empty()) {
    print_weight_report(o.model, chosen);
    return true;
  }
  experiment e = load_experiment(o);
  thread_pool pool(o.threads);
  if (o.threads > 1) e.executor = pool;
  const checkpoint_folder folder(o.save);
  e.folder = folder.path();

  const std::vector<table_row> rows = evaluate_all(e, chosen);
  std::printf(
      "Fashion-MNIST, perceptron 784-256-128-10, %td test images as one batch, %d thread%s\n\n%s",
      e.images.test.rows(), o.threads, o.threads == 1 ? "" : "s", table_of(rows).c_str());
  const bool good = report_reloads(rows);
  if (!o.json.empty()) write_file(o.json, to_json(rows, o, e.images.test.rows()));
  if (!o.csv.empty()) write_file(o.csv, to_csv(rows));
  if (!o.plot.empty()) write_file(o.plot, svg_plot(rows, e.images.test.rows()));
  return good;
}

}  // namespace
}  // namespace fashion

int main(int argc, char** argv) {
  try {
    const fashion::options o = fashion::parse_options({argv + 1, argv + argc});
    if (o.help) {
      std::fputs(fashion::help_text().c_str(), stdout);
      return 0;
    }
    return fashion::run_demo(o) ? 0 : 1;
  } catch (const fashion::usage_error& e) {
    std::fprintf(stderr, "demo: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "demo: %s\n", e.what());
    return 1;
  }
}
