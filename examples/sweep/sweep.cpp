// SPDX-License-Identifier: Apache-2.0
// examples/sweep/sweep.cpp - policies x methods x layers of a model: errors, bits, seconds, tables
// and pictures. Run it as ./dev sweep; docs/sweep.md explains what it prints. Not here: any method
// or policy by name (quantizers/).
#include <cstdio>
#include <filesystem>
#include <set>

#include "../common/text_file.hpp"
#include "command_line.hpp"
#include "layers.hpp"
#include "plots.hpp"
#include "runner.hpp"
#include "summary.hpp"

namespace sweep {
namespace {

/// A layer's name as a part of a file's.
std::string file_part(std::string name) {
  for (char& c : name)
    if (std::string_view("/\\: ").find(c) != std::string_view::npos) c = '_';
  return name;
}

/// Throws common::usage_error now where a file could not be written when all is computed.
void check_writable(const std::string& option, const std::string& path) {
  using std::filesystem::file_type;
  if (path.empty()) return;
  const file_type kind = std::filesystem::status(path).type();
  if (kind == file_type::directory)
    throw common::usage_error(option + ": expected a file, got the folder " + path);
  if (kind != file_type::regular && kind != file_type::not_found) return;  // a pipe or a terminal
  const auto trial = qtl::io::atomic_file::create(path);
  if (!trial.ok())
    throw common::usage_error(option + ": expected a file that can be written, got " +
                              std::string(trial.why().message.view()));
}

void check_outputs(const options& o) {
  check_writable("--json", o.json);
  check_writable("--csv", o.csv);
  check_writable("--resume", o.resume);
  std::error_code error;
  if (!o.plots.empty()) std::filesystem::create_directories(o.plots, error);
  if (error)
    throw common::usage_error("--plots: expected a folder that can be made, got " + o.plots + ": " +
                              error.message());
}

void draw(const options& o, const layer_source& source, const run_results& results,
          std::span<const method_summary> summaries) {
  std::set<std::string> layers;
  for (const sweep_row& row : results.rows) layers.insert(row.layer);
  const std::size_t measured = layers_with_inputs(results.rows).size();
  const auto write = [&](const std::string& name, const std::string& text) {
    common::write_text_file(o.plots + "/" + name + ".svg", text);
  };
  write("pareto", pareto_plot(summaries, results.identity.model.name,
                              measured != 0 ? measured : layers.size()));
  write("value_grids", value_grids_plot());
  for (const std::string& name : layers) {
    const sampled_layer layer = source.load(name);
    for (const quantizers::weight_policy* policy : o.policies)
      write("histogram_" + file_part(name) + "_" + std::string(policy->name),
            histogram_plot(name, *policy,
                           qtl::value_or_throw(policy->usage(qtl::as_view(layer.weight)))));
  }
}

void run_sweep(const options& o) {
  check_outputs(o);
  const std::unique_ptr<layer_source> source = open_source(o);
  run_results known{source->identity(), {}};
  if (!o.resume.empty()) known.rows = rows_to_resume(o.resume, known.identity);
  const run_results results = run(o, *source, std::move(known));
  const std::vector<method_summary> summaries = summarize(results.rows);

  const run_identity& identity = results.identity;
  std::printf(
      "%s, %s, %zu policies, %zu methods\n", identity.model.name.c_str(),
      identity.inputs.name.empty() ? "no inputs" : ("inputs from " + identity.inputs.name).c_str(),
      o.policies.size(), o.methods.size());
  std::printf("\n%sall layers\n\n%s", layer_tables(results.rows).c_str(),
              summary_table(summaries).c_str());
  if (!o.csv.empty()) common::write_text_file(o.csv, to_csv(results.rows));
  if (!o.plots.empty()) draw(o, *source, results, summaries);
}

}  // namespace
}  // namespace sweep

int main(int argc, char** argv) {
  return common::exit_status("sweep", [&] {
    const sweep::options o = sweep::parse_options({argv + 1, argv + argc});
    if (o.help)
      std::fputs(sweep::help_text().c_str(), stdout);
    else
      sweep::run_sweep(o);
    return 0;
  });
}
