// SPDX-License-Identifier: Apache-2.0
#include "layers.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "qtl/io/safetensors_file.hpp"

#include "../common/float_matrices.hpp"
#include "../fashion_mnist/images.hpp"
#include "../fashion_mnist/network.hpp"

namespace sweep {
namespace {

/// Opens a file that an option names. Throws common::usage_error naming both.
qtl::io::safetensors_file open_file(const std::string& option, const std::string& path) {
  auto file = qtl::io::safetensors_file::open(path);
  if (!file.ok())
    throw common::usage_error(option + ": expected a .safetensors file, got " +
                              std::string(file.why().message.view()));
  return *std::move(file);
}

/// All numbers below `n`, shuffled by the seed.
std::vector<Eigen::Index> shuffled(Eigen::Index n, int seed) {
  std::vector<std::pair<std::uint32_t, Eigen::Index>> keyed;
  for (Eigen::Index i = 0; i < n; ++i)
    keyed.emplace_back(
        qtl::counter_random(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(i)), i);
  std::ranges::sort(keyed);
  std::vector<Eigen::Index> order;
  for (const auto& [key, i] : keyed) order.push_back(i);
  return order;
}

/// Rows first, first + 1, ... of the shuffled rows of m.
matrix drawn_rows(const matrix& m, int seed, Eigen::Index first, Eigen::Index count) {
  const std::vector<Eigen::Index> order = shuffled(m.rows(), seed);
  matrix rows(count, m.cols());
  for (Eigen::Index i = 0; i < count; ++i)
    rows.row(i) = m.row(order[static_cast<std::size_t>(first + i)]);
  return rows;
}

/// The Fashion-MNIST network: methods see activations of calibration images, errors are measured on
/// those of test images.
class bundled_source : public layer_source {
 public:
  explicit bundled_source(const options& o)
      : model_(o.data + "/model.safetensors"), images_(o.data + "/images.safetensors"),
        samples_(o.samples), seed_(o.seed),
        network_(fashion::load_network(open_file("--data", model_))) {
    const fashion::image_slice slice = fashion::load_images(images_, 2000);
    const auto drawn = [&](const matrix& m) {
      const auto count = std::min<Eigen::Index>(m.rows(), samples_);
      return fashion::layer_inputs(network_, drawn_rows(m, seed_, 0, count));
    };
    seen_ = drawn(slice.calibration);
    unseen_ = drawn(slice.test);
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const fashion::float_layer& layer : network_) all.push_back(layer.name);
    return all;
  }
  sampled_layer load(const std::string& name) const override {
    const auto at = std::ranges::find(network_, name, &fashion::float_layer::name);
    const auto i = static_cast<std::size_t>(at - network_.begin());
    return {name, at->weight, seen_[i], unseen_[i]};
  }
  run_identity identity() const override {
    return {identify(model_), identify(images_), samples_, seed_};
  }

 private:
  std::string model_;
  std::string images_;
  int samples_;
  int seed_;
  fashion::float_network network_;
  std::vector<matrix> seen_;
  std::vector<matrix> unseen_;
};

/// Every float matrix of a file; its inputs, where there are some, under the same name in another.
class file_source : public layer_source {
 public:
  explicit file_source(const options& o)
      : model_(open_file("--model", o.model)), samples_(o.samples), seed_(o.seed) {
    if (!o.inputs.empty())
      inputs_ = std::make_unique<qtl::io::safetensors_file>(open_file("--inputs", o.inputs));
  }

  std::vector<std::string> names() const override { return common::float_matrix_names(model_); }

  sampled_layer load(const std::string& name) const override {
    sampled_layer layer{name, model_.matrix(name), {}, {}};
    if (inputs_ == nullptr || inputs_->info(name) == nullptr) return layer;
    const matrix all = inputs_->matrix(name);
    const auto wrong = [&](const std::string& what) {
      return common::usage_error("--inputs: tensor " + name + " of " + inputs_->path() + " has " +
                                 what);
    };
    if (all.cols() != layer.weight.cols())
      throw wrong(std::to_string(all.cols()) + " columns, expected " +
                  std::to_string(layer.weight.cols()) + ", those of the weight");
    if (all.rows() < 2)
      throw wrong(std::to_string(all.rows()) +
                  " rows, expected at least two: one for methods, one to measure with");
    const auto count = std::min<Eigen::Index>(all.rows() / 2, samples_);
    layer.seen = drawn_rows(all, seed_, 0, count);
    layer.unseen = drawn_rows(all, seed_, count, count);
    return layer;
  }
  run_identity identity() const override {
    return {identify(model_.path()),
            inputs_ == nullptr ? file_identity{} : identify(inputs_->path()), samples_, seed_};
  }

 private:
  qtl::io::safetensors_file model_;
  std::unique_ptr<qtl::io::safetensors_file> inputs_;
  int samples_;
  int seed_;
};

}  // namespace

std::unique_ptr<layer_source> open_source(const options& o) {
  if (o.model.empty()) return std::make_unique<bundled_source>(o);
  return std::make_unique<file_source>(o);
}

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  const bool same = !name.empty() && (pattern.front() == '?' || pattern.front() == name.front());
  return same && matches(pattern.substr(1), name.substr(1));
}

}  // namespace sweep
