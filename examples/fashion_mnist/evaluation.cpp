// SPDX-License-Identifier: Apache-2.0
#include "evaluation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "device_layers.hpp"

namespace fashion {
namespace {

using quantized_network = std::vector<quantized_layer>;

template<class F>
double milliseconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + std::ssize(times) / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// Times float and quantized runs by turns, so that what else the machine does slows both.
template<class Float, class Quantized>
void time_by_turns(int repetitions, Float&& baseline, Quantized&& quantized, table_row& row) {
  std::vector<double> float_times;
  std::vector<double> times;
  baseline();  // to warm up
  quantized();
  for (int i = 0; i < repetitions; ++i) {
    float_times.push_back(milliseconds(baseline));
    times.push_back(milliseconds(quantized));
  }
  row.milliseconds = median(times);
  row.speed = median(float_times) / row.milliseconds;
}

/// The float network on the test images.
const matrix& run_float(const experiment& e, layer_outputs& outputs) {
  return forward(
      e.network, e.images.test, outputs,
      [&](const float_layer& layer, const matrix& x, matrix& y) { layer.run(x, y, e.executor); });
}

/// Runs quantized layers as an engine would: outputs and workspace are reused, nothing is allocated
/// after the first run, unless a method changes the inputs.
class runner {
 public:
  runner(const quantized_network& layers, const qtl::executor_ref& executor)
      : layers_(layers), executor_(executor) {}

  const matrix& run(const matrix& x) {
    return forward(layers_, x, outputs_,
                   [&](const quantized_layer& layer, const matrix& in, matrix& out) {
                     if (!layer.change.empty()) changed_ = layer.change.apply(in);
                     run_linear(layer.linear, layer.change.empty() ? in : changed_, out);
                   });
  }

 private:
  void run_linear(const qtl::any_linear& layer, const matrix& in, matrix& out) {
    const auto bytes =
        static_cast<std::size_t>(layer.workspace_size(in.rows(), executor_.threads()));
    if (workspace_.size() < bytes) workspace_.resize(bytes);
    qtl::throw_if_failed(
        layer.run(qtl::as_view(in), {out.data(), out.rows(), out.cols()}, {workspace_, executor_}));
  }

  const quantized_network& layers_;
  qtl::executor_ref executor_;
  layer_outputs outputs_;
  matrix changed_;
  std::vector<std::byte> workspace_;
};

std::int64_t count_weights(const float_network& network) {
  std::int64_t count = 0;
  for (const float_layer& layer : network) count += layer.weight.size();
  return count;
}

/// Leaves no number in the row that could be taken for a result.
bool mark_failed(table_row& row, const std::string& why) {
  row.failed = true;
  row.note = why;
  row.bits_per_weight = row.sqnr_db = row.accuracy = row.milliseconds = row.speed = NAN;
  return false;
}

/// The kernels that ran, each once.
std::string kernel_names(const quantized_network& layers) {
  std::string names;
  for (const quantized_layer& layer : layers)
    if (names.find(layer.linear.kernel_name()) == std::string::npos)
      names += (names.empty() ? "" : " ") + std::string(layer.linear.kernel_name());
  return names;
}

quantized_network load_checkpoint(const std::string& path, const float_network& like,
                                  bool on_device = false) {
  const qtl::io::safetensors_file file(path);
  const std::string preset = *file.metadata("preset");
  const layer_loader load = on_device ? find_device_loader(preset) : find_policy(preset)->load;
  quantized_network layers;
  for (const float_layer& layer : like) layers.push_back(load(file, layer.name));
  return layers;
}

/// The network's weights by one method. Where it fails for a layer, false; the row says why.
bool quantize_weights(const experiment& e, const policy_entry& policy,
                      const quantizers::method_info& method, table_row& row,
                      std::vector<quantizers::quantized_weight>& weights) {
  const quantizers::weight_policy* served = quantizers::find_policy(policy.desc.weight);
  if (served == nullptr)
    return mark_failed(row, std::string(qtl::to_text(policy.desc.weight).view()) +
                                ": no method is compiled for it");
  for (std::size_t i = 0; i < e.network.size(); ++i) {
    const float_layer& layer = e.network[i];
    auto made = quantizers::quantize(*served, method,
                                     {qtl::as_view(layer.weight), qtl::as_view(e.inputs[i])});
    if (!made.ok())
      return mark_failed(row, layer.name + ": " + std::string(made.why().message.view()));
    row.bytes += made->bytes;
    if (!made->note.empty())
      row.note += (row.note.empty() ? "" : "; ") + layer.name + ": " + made->note;
    weights.push_back(*std::move(made));
  }
  return true;
}

bool same_bits(const matrix& a, const matrix& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(float)) == 0;
}

/// Puts the checkpoint's layers on the device in place of the CPU's, and notes how far the two are
/// apart. Where the device has no kernel, false; the row says so.
bool move_to_device(const experiment& e, const std::string& path, quantized_network& layers,
                    table_row& row) {
  const matrix on_cpu = runner(layers, e.executor).run(e.images.test);
  try {
    layers = load_checkpoint(path, e.network, true);
  } catch (const qtl::error& refused) {
    return mark_failed(row, refused.what());
  }
  runner device(layers, {});
  const matrix& there = device.run(e.images.test);
  char apart[32] = "the CPU's bits";
  if (!same_bits(on_cpu, there))
    std::snprintf(apart, sizeof apart, "%.1e from the CPU",
                  static_cast<double>((on_cpu - there).cwiseAbs().maxCoeff()));
  row.note.append(row.note.empty() ? "" : "; ").append(apart);
  return true;
}

}  // namespace

table_row evaluate_float(experiment& e) {
  layer_outputs outputs;
  e.reference = run_float(e, outputs);
  table_row row;
  row.policy = "float f32";
  row.description = "the network as trained";
  row.is_float = true;
  row.bytes = count_weights(e.network) * std::int64_t{sizeof(float)};
  row.sqnr_db = HUGE_VAL;
  row.accuracy = top1_accuracy(e.reference, e.images.labels);
  row.kernels = "Eigen";
  std::vector<double> times;
  for (int i = 0; i < e.repetitions; ++i)
    times.push_back(milliseconds([&] { run_float(e, outputs); }));
  row.milliseconds = median(times);
  return row;
}

table_row evaluate(const experiment& e, const policy_entry& policy,
                   const quantizers::method_info& method) {
  table_row row;
  row.policy = policy.name;
  row.method = method.name;
  row.desc = policy.desc;
  row.description = qtl::to_text(policy.desc).view();
  std::vector<quantizers::quantized_weight> weights;
  if (!quantize_weights(e, policy, method, row, weights)) return row;

  qtl::io::safetensors_writer checkpoint;
  checkpoint.set_metadata("preset", policy.name);
  quantized_network layers;
  for (std::size_t i = 0; i < e.network.size(); ++i)
    layers.push_back(policy.make(e.network[i], weights[i], e.inputs[i], checkpoint));
  row.bits_per_weight =
      8.0 * static_cast<double>(row.bytes) / static_cast<double>(count_weights(e.network));
  const std::string path =
      e.folder + "/" + row.policy + (row.method == "rtn" ? "" : "." + row.method) + ".safetensors";
  checkpoint.save(path);
  if (e.on_device && !move_to_device(e, path, layers, row)) return row;
  row.kernels = kernel_names(layers);

  runner quantized(layers, e.executor);
  layer_outputs float_outputs;
  time_by_turns(
      e.repetitions, [&] { run_float(e, float_outputs); }, [&] { quantized.run(e.images.test); },
      row);
  const matrix& logits = quantized.run(e.images.test);
  row.sqnr_db = qtl::compare(e.reference, logits).sqnr_db;
  row.accuracy = top1_accuracy(logits, e.images.labels);

  // One thread, whatever the pool has: the bits must depend neither on the file nor on the threads.
  const quantized_network reloaded = load_checkpoint(path, e.network, e.on_device);
  row.identical = same_bits(runner(reloaded, {}).run(e.images.test), logits);
  return row;
}

}  // namespace fashion
