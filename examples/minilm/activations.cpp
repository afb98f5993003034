// SPDX-License-Identifier: Apache-2.0
#include "activations.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include "qtl/calib/minmax.hpp"

#include "corpus.hpp"

namespace minilm {
namespace {

/// `count` different numbers below `all`, ascending. Not std::shuffle: libraries differ in it.
std::vector<std::size_t> choose(std::size_t all, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(all);
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(all, count);
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < count; ++i) std::swap(order[i], order[i + random() % (all - i)]);
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

/// Copies the chosen rows, counted over all batches, out of batches.
class row_collector {
 public:
  row_collector(std::vector<std::size_t> chosen, Eigen::Index cols)
      : chosen_(std::move(chosen)), rows_(std::ssize(chosen_), cols) {}

  void add(const matrix& batch) {
    const std::size_t end = seen_ + static_cast<std::size_t>(batch.rows());
    for (; next_ < chosen_.size() && chosen_[next_] < end; ++next_)
      rows_.row(static_cast<Eigen::Index>(next_)) =
          batch.row(static_cast<Eigen::Index>(chosen_[next_] - seen_));
    seen_ = end;
  }
  matrix take() { return std::move(rows_); }

 private:
  std::vector<std::size_t> chosen_;
  matrix rows_;
  std::size_t next_ = 0;
  std::size_t seen_ = 0;
};

/// Runs the encoder on all texts and calls see(index, inputs) for every linear layer and batch.
template<class See>
void watch_inputs(const encoder_weights& weights, std::span<const token_ids> texts, See&& see) {
  const run_linear run = float_linears(weights);
  const run_linear watched = [&](std::size_t index, const matrix& x, matrix& y) {
    see(index, x);
    run(index, x, y);
  };
  for_each_batch(texts, [&](std::span<const token_ids> batch, std::size_t) {
    see(weights.linears.size() - 1, first_rows(encode(weights, batch, watched), batch));
  });
}

std::size_t count_tokens(std::span<const token_ids> texts) {
  return std::accumulate(texts.begin(), texts.end(), std::size_t{0},
                         [](std::size_t sum, const token_ids& text) { return sum + text.size(); });
}

}  // namespace

std::vector<matrix> collect_inputs(const encoder_weights& weights, std::span<const token_ids> texts,
                                   std::size_t samples, std::uint64_t seed) {
  const std::vector<std::size_t> tokens = choose(count_tokens(texts), samples, seed);
  const std::vector<std::size_t> firsts = choose(texts.size(), samples, seed);
  std::vector<row_collector> collectors;
  for (const linear& layer : weights.linears) {
    const bool is_pooler = collectors.size() + 1 == weights.linears.size();
    collectors.emplace_back(is_pooler ? firsts : tokens, layer.weight.cols());
  }
  watch_inputs(weights, texts,
               [&](std::size_t index, const matrix& x) { collectors[index].add(x); });
  std::vector<matrix> inputs;
  for (row_collector& collector : collectors) inputs.push_back(collector.take());
  return inputs;
}

std::vector<qtl::value_range> collect_ranges(const encoder_weights& weights,
                                             std::span<const token_ids> texts) {
  std::vector<qtl::minmax_observer> observers(weights.linears.size());
  watch_inputs(weights, texts, [&](std::size_t index, const matrix& x) {
    qtl::throw_if_failed(observers[index].observe(x));
  });
  std::vector<qtl::value_range> ranges;
  for (const qtl::minmax_observer& observer : observers) ranges.push_back(observer.range());
  return ranges;
}

}  // namespace minilm
