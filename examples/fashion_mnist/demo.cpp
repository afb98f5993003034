// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/demo.cpp - a small network under every preset: size, error, accuracy,
// kernel, time. Run it as ./dev demo; docs/demo.md explains the table. Not here: any policy by name
// (policies.hpp walks them all).
#include <cstdio>
#include <filesystem>
#include <random>

#include "../common/progress_bar.hpp"
#include "../common/text_file.hpp"
#include "../common/text_table.hpp"
#include "../thread_pool.hpp"
#include "command_line.hpp"
#include "device_layers.hpp"
#include "evaluation.hpp"
#include "exports.hpp"
#include "svg_plot.hpp"
#include "weight_report.hpp"

namespace fashion {
namespace {

using common::formatted;
using common::usage_error;
using common::write_text_file;
using methods = std::vector<const quantizers::method_info*>;

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

template<class Entries>
std::string all_names(const Entries& entries) {
  std::string names;
  for (const auto& entry : entries) names.append(" ").append(entry.name);
  return names;
}

std::vector<const policy_entry*> chosen_policies(const options& o) {
  std::vector<const policy_entry*> chosen;
  for (const std::string& name : o.policies) {
    chosen.push_back(find_policy(name));
    if (chosen.back() == nullptr)
      throw usage_error("--policy: no preset is called '" + name + "'; there are" +
                        all_names(policies()));
  }
  if (chosen.empty())
    for (const policy_entry& entry : policies()) chosen.push_back(&entry);
  return chosen;
}

methods chosen_methods(const options& o) {
  if (o.methods.empty()) return {quantizers::find_method("rtn")};
  if (!o.model.empty())
    throw usage_error("--method: not together with --model; ./dev sweep runs methods on any file");
  methods chosen;
  for (const std::string& name : o.methods) {
    if (name == "all") {
      chosen.clear();
      for (const quantizers::method_info& m : quantizers::methods()) chosen.push_back(&m);
      break;
    }
    chosen.push_back(quantizers::find_method(name));
    if (chosen.back() == nullptr)
      throw usage_error("--method: no method is called '" + name + "'; there are all" +
                        all_names(quantizers::methods()));
  }
  if (!o.plot.empty() && chosen.size() != 1)
    throw usage_error("--plot: draws one method, --method gives " + std::to_string(chosen.size()));
  return chosen;
}

/// Whether layers run on a device. Throws usage_error where this program does not hold it.
bool runs_on_device(const options& o) {
  if (o.backend == "cpu") return false;
  if (o.backend != "gpu" && o.backend != "emulated")
    throw usage_error("--backend: is '" + o.backend + "', expected cpu, gpu or emulated");
  const std::string held = device_name();
  if (held.empty())
    throw usage_error(
        "--backend: this program holds the CPU's kernels only; ./dev demo --backend " + o.backend +
        " builds the one that holds the GPU's");
  if (held.starts_with("emulated") != (o.backend == "emulated"))
    throw usage_error("--backend: is '" + o.backend + "', but the device is " + held);
  return true;
}

experiment load_experiment(const options& o) {
  experiment e;
  e.on_device = runs_on_device(o);
  e.network = load_network(qtl::io::safetensors_file(o.data + "/model.safetensors"));
  e.images = load_images(o.data + "/images.safetensors", o.images);
  e.inputs = layer_inputs(e.network, e.images.calibration);
  e.repetitions = o.repetitions;
  return e;
}

/// Float first, then every policy, method by method.
std::vector<table_row> evaluate_all(experiment& e, const std::vector<const policy_entry*>& chosen,
                                    const methods& by) {
  common::progress_bar progress(chosen.size() * by.size() + 1);
  progress.step("float");
  std::vector<table_row> rows{evaluate_float(e)};
  for (const quantizers::method_info* method : by)
    for (const policy_entry* policy : chosen) {
      progress.step(std::string(policy->name) + ", " + std::string(method->name));
      rows.push_back(evaluate(e, *policy, *method));
    }
  return rows;
}

std::string title(const experiment& e, const options& o, const quantizers::method_info& method) {
  return "Fashion-MNIST, perceptron 784-256-128-10, " + std::to_string(e.images.test.rows()) +
         " test images as one batch, " + std::to_string(o.threads) +
         (o.threads == 1 ? " thread" : " threads") +
         (e.on_device ? ", layers on " + device_name() : "") + ", method " +
         std::string(method.name);
}

/// The float row and those of one method.
std::string table_of(const std::vector<table_row>& rows, std::string_view method) {
  common::text_table table({{"policy", true},
                            {"bits/weight"},
                            {"bytes"},
                            {"SQNR dB"},
                            {"top-1 %"},
                            {"time ms"},
                            {"speed"},
                            {"kernel", true},
                            {"note", true}});
  for (const table_row& row : rows) {
    if (!row.is_float && row.method != method) continue;
    table.add_row({row.policy, formatted(row.bits_per_weight, 2),
                   row.failed ? "-" : common::with_commas(row.bytes), formatted(row.sqnr_db, 1),
                   formatted(100 * row.accuracy, 2), formatted(row.milliseconds, 1),
                   row.failed ? "-" : formatted(row.speed, 2) + "x", row.kernels, row.note});
    if (row.is_float) table.add_rule();
  }
  return table.text();
}

/// Says whether every reloaded checkpoint gave the same bits.
bool report_reloads(const std::vector<table_row>& rows) {
  std::size_t same = 0;
  std::size_t all = 0;
  for (const table_row& row : rows) {
    if (row.is_float || row.failed) continue;
    ++all;
    if (row.identical) ++same;
    if (!row.identical)
      std::fprintf(stderr, "demo: %s, %s: the reloaded checkpoint gives other outputs\n",
                   row.policy.c_str(), row.method.c_str());
  }
  std::printf(
      "\n%zu of %zu checkpoints were saved, reloaded and gave the same outputs to the bit.\n", same,
      all);
  return same == all;
}

bool run_demo(const options& o) {
  const std::vector<const policy_entry*> chosen = chosen_policies(o);
  const methods by = chosen_methods(o);
  if (!o.model.empty()) {
    print_weight_report(o.model, chosen);
    return true;
  }
  experiment e = load_experiment(o);
  thread_pool pool(o.threads);
  if (o.threads > 1) e.executor = pool;
  const checkpoint_folder folder(o.save);
  e.folder = folder.path();

  std::vector<table_row> rows = evaluate_all(e, chosen, by);
  for (const quantizers::method_info* method : by)
    std::printf("%s%s\n\n%s", method == by.front() ? "" : "\n", title(e, o, *method).c_str(),
                table_of(rows, method->name).c_str());
  const bool good = report_reloads(rows);
  if (!o.json.empty()) write_text_file(o.json, to_json(rows, o, e.images.test.rows()));
  if (!o.csv.empty()) write_text_file(o.csv, to_csv(rows));
  if (!o.plot.empty()) {
    std::erase_if(rows, [](const table_row& row) { return row.failed; });
    write_text_file(o.plot, svg_plot(rows, e.images.test.rows()));
  }
  return good;
}

}  // namespace
}  // namespace fashion

int main(int argc, char** argv) {
  return common::exit_status("demo", [&] {
    const fashion::options o = fashion::parse_options({argv + 1, argv + argc});
    if (o.help) {
      std::fputs(fashion::help_text().c_str(), stdout);
      return 0;
    }
    return fashion::run_demo(o) ? 0 : 1;
  });
}
