// SPDX-License-Identifier: Apache-2.0
#include "runner.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "../common/progress_bar.hpp"
#include "../common/text_file.hpp"
#include "../thread_pool.hpp"

namespace sweep {
namespace {

using clock = std::chrono::steady_clock;

/// A row to compute, and with what.
struct task {
  sweep_row row;
  const quantizers::weight_policy* policy;
  const quantizers::method_info* method;
  bool done = false;
};

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

/// Fills in a row's numbers, or the reason why it has none.
void compute(task& t, const sampled_layer& layer) {
  t.row.weights = layer.weight.size();
  if (t.method->needs_inputs && !layer.has_inputs()) {
    t.row.note = "needs sample inputs";
    return;
  }
  const qtl::layer_samples seen{qtl::as_view(layer.weight), qtl::as_view(layer.seen)};
  const auto made = quantizers::quantize(*t.policy, *t.method, seen);
  if (!made.ok()) {
    t.row.note = made.why().message.view();
    return;
  }
  t.row.seconds = made->seconds;
  t.row.bits_per_weight = made->bits_per_weight;
  t.row.weight_sqnr_db = made->sqnr_db;
  t.row.note = made->note;
  if (!layer.has_inputs()) return;
  const qtl::layer_samples unseen{qtl::as_view(layer.weight), qtl::as_view(layer.unseen)};
  t.row.output_error = qtl::value_or_throw(t.policy->output_error(*made, unseen));
  t.row.seen_error = qtl::value_or_throw(t.policy->output_error(*made, seen));
}

std::vector<task> all_tasks(const options& o, const std::vector<std::string>& layers,
                            std::span<const sweep_row> known) {
  const row_index index(known);
  std::vector<task> tasks;
  for (const std::string& layer : layers)
    for (const quantizers::weight_policy* policy : o.policies)
      for (const quantizers::method_info* method : o.methods) {
        const sweep_row* found = index.find(layer, policy->name, method->name);
        sweep_row row;
        row.layer = layer;
        row.policy = policy->name;
        row.method = method->name;
        tasks.push_back({found != nullptr ? *found : row, policy, method, found != nullptr});
      }
  return tasks;
}

/// The known rows that are no task.
std::vector<sweep_row> others(std::vector<sweep_row> known, std::span<const task> tasks) {
  std::vector<sweep_row> rows;
  for (const task& t : tasks) rows.push_back(t.row);
  const row_index wanted(rows);
  std::erase_if(known, [&](const sweep_row& row) {
    return wanted.find(row.layer, row.policy, row.method) != nullptr;
  });
  return known;
}

/// The rows on their way to the file and the screen; what several threads share.
class collector {
 public:
  collector(const options& o, std::vector<task>& tasks, run_results known)
      : path_(o.resume.empty() ? o.json : o.resume), tasks_(tasks), identity_(known.identity),
        others_(others(std::move(known.rows), tasks)),
        progress_(static_cast<std::size_t>(std::ranges::count(tasks, false, &task::done))) {}

  void begin(const task& t) {
    const std::scoped_lock lock(mutex_);
    progress_.step(t.row.layer + ", " + t.row.policy + ", " + t.row.method);
  }
  /// At most one file a second: rows may come faster than a disk likes.
  void end(task& t, sweep_row row) {
    const std::scoped_lock lock(mutex_);
    t.row = std::move(row);
    t.done = true;
    if (seconds_since(written_) > 1) write();
  }
  void write() {
    if (path_.empty()) return;
    run_results all{identity_, finished()};
    all.rows.insert(all.rows.end(), others_.begin(), others_.end());
    common::write_text_file(path_, to_json(all));
    written_ = clock::now();
  }
  std::vector<sweep_row> finished() const {
    std::vector<sweep_row> rows;
    for (const task& t : tasks_)
      if (t.done) rows.push_back(t.row);
    return rows;
  }

 private:
  std::string path_;
  std::vector<task>& tasks_;
  run_identity identity_;
  std::vector<sweep_row> others_;
  common::progress_bar progress_;
  clock::time_point written_ = clock::now();
  std::mutex mutex_;
};

/// Deals some tasks, all of one layer, to the threads: each takes the next that nobody has.
void run_tasks(std::span<task> tasks, const sampled_layer& layer, collector& to,
               thread_pool& pool) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(pool.threads()));
  pool.parallel_for(pool.threads(), [&](std::int64_t thread) {
    try {
      for (std::size_t i = next++; i < tasks.size(); i = next++) {
        if (tasks[i].done) continue;
        to.begin(tasks[i]);
        task mine = tasks[i];
        compute(mine, layer);
        to.end(tasks[i], std::move(mine.row));
      }
    } catch (...) {
      failures[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

std::vector<std::string> chosen_layers(const options& o, const layer_source& source) {
  std::vector<std::string> layers = source.names();
  std::erase_if(layers, [&](const std::string& name) { return !matches(o.layers, name); });
  if (!layers.empty()) return layers;
  std::string known;
  for (const std::string& name : source.names()) known += " " + name;
  throw common::usage_error("--layers: no weight matches '" + o.layers + "'; there are" + known);
}

}  // namespace

run_results run(const options& o, const layer_source& source, run_results known) {
  const run_identity identity = known.identity;
  const std::vector<std::string> layers = chosen_layers(o, source);
  std::vector<task> tasks = all_tasks(o, layers, known.rows);
  thread_pool pool(o.threads);
  collector results(o, tasks, std::move(known));
  const std::size_t per_layer = tasks.size() / layers.size();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto some = std::span(tasks).subspan(i * per_layer, per_layer);
    if (!std::ranges::all_of(some, &task::done))
      run_tasks(some, source.load(layers[i]), results, pool);
  }
  results.write();
  return {identity, results.finished()};
}

}  // namespace sweep
