// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/trainer.hpp - a multilayer perceptron that learns: ReLU, softmax
// cross-entropy, Adam.
// Holds: random_numbers, parameter, dense_layer, perceptron. Single-threaded and seeded: a run can be repeated.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <Eigen/Core>

namespace fashion {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Numbers that are the same with every standard library, which std's distributions are not.
class random_numbers {
 public:
  explicit random_numbers(std::uint32_t seed) : engine_(seed) {}

  /// Uniform in [0, 1).
  float uniform() { return static_cast<float>(engine_() >> 8) * 0x1p-24f; }
  /// Uniform in [0, n).
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(
        static_cast<std::uint64_t>(engine_()) * static_cast<std::uint64_t>(n) >> 32);
  }

 private:
  std::mt19937 engine_;
};

/// How far and how one step of Adam goes.
struct adam_step {
  float rate;
  float decay;
  int number;  ///< from 1
};

/// A matrix that is learned.
struct parameter {
  matrix value, gradient, mean, variance;

  void reset(Eigen::Index rows, Eigen::Index cols) {
    value = gradient = mean = variance = matrix::Zero(rows, cols);
  }
  void step(const adam_step& s) {
    constexpr float beta1 = 0.9f;
    constexpr float beta2 = 0.999f;
    const float correction1 = 1.0f - std::pow(beta1, static_cast<float>(s.number));
    const float correction2 = 1.0f - std::pow(beta2, static_cast<float>(s.number));
    mean = beta1 * mean + (1.0f - beta1) * gradient;
    variance.array() = beta2 * variance.array() + (1.0f - beta2) * gradient.array().square();
    value.array() -=
        s.rate * (mean.array() / correction1 / ((variance.array() / correction2).sqrt() + 1e-8f) +
                  s.decay * value.array());
  }
};

/// y = x W^T + b, with what its gradient needs.
struct dense_layer {
  parameter weight;  ///< n x k
  parameter bias;    ///< 1 x n
  matrix input;

  /// Uniform weights with the variance 2 / k (He et al. 2015).
  void reset(Eigen::Index n, Eigen::Index k, random_numbers& random) {
    weight.reset(n, k);
    bias.reset(1, n);
    const float limit = std::sqrt(6.0f / static_cast<float>(k));
    for (float& w : weight.value.reshaped()) w = limit * (2.0f * random.uniform() - 1.0f);
  }
  matrix forward(const matrix& x) {
    input = x;
    return (x * weight.value.transpose()).rowwise() + bias.value.row(0);
  }
  /// Takes the gradient of y, gives the gradient of x.
  matrix backward(const matrix& dy) {
    weight.gradient.noalias() = dy.transpose() * input;
    bias.gradient = dy.colwise().sum();
    return dy * weight.value;
  }
};

/// Dense layers with a ReLU between each two.
class perceptron {
 public:
  perceptron(const std::vector<Eigen::Index>& widths, random_numbers& random)
      : layers_(widths.size() - 1) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      layers_[i].reset(widths[i + 1], widths[i], random);
  }
  std::span<const dense_layer> layers() const { return layers_; }

  matrix forward(matrix x) {
    for (dense_layer& layer : layers_) {
      x = layer.forward(x);
      if (&layer != &layers_.back()) x = x.cwiseMax(0.0f);
    }
    return x;
  }

  /// One step on a batch; returns its mean loss.
  float learn(const matrix& x, std::span<const std::uint8_t> labels, const adam_step& step) {
    matrix gradient = forward(x);
    const float loss = softmax_gradient(gradient, labels);
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const matrix below = layers_[i].backward(gradient);
      gradient = (layers_[i].input.array() > 0.0f).select(below, 0.0f);
    }
    for (dense_layer& layer : layers_) {
      layer.weight.step(step);
      layer.bias.step({step.rate, 0.0f, step.number});
    }
    return loss;
  }

 private:
  // Turns logits into the gradient of the mean cross-entropy with labels smoothed by 0.1.
  static float softmax_gradient(matrix& logits, std::span<const std::uint8_t> labels) {
    constexpr float smoothing = 0.1f;
    const auto count = static_cast<float>(logits.rows());
    const auto classes = static_cast<float>(logits.cols());
    float loss = 0.0f;
    for (Eigen::Index i = 0; i < logits.rows(); ++i) {
      auto row = logits.row(i).array();
      row = (row - row.maxCoeff()).exp();
      row /= row.sum();
      const auto label = static_cast<Eigen::Index>(labels[static_cast<std::size_t>(i)]);
      loss -= std::log(row(label)) / count;
      row -= smoothing / classes;
      row(label) -= 1.0f - smoothing;
      row /= count;
    }
    return loss;
  }

  std::vector<dense_layer> layers_;
};

}  // namespace fashion
