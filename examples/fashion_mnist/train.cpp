// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/train.cpp - trains the network of the demo and writes the files it reads;
// train.sh runs it. Usage: train DATA OUT, where DATA holds the four unpacked IDX files of
// Fashion-MNIST. Writes OUT/model.safetensors and OUT/images.safetensors.
#include <chrono>
#include <cstdio>
#include <numbers>
#include <numeric>
#include <utility>

#include "qtl/io/safetensors_writer.hpp"

#include "../common/command_line.hpp"
#include "idx.hpp"
#include "trainer.hpp"

namespace fashion {
namespace {

constexpr std::int64_t side = 28;
constexpr int epochs = 40;
constexpr std::int64_t batch_size = 128;
constexpr std::int64_t test_slice = 2000;
constexpr std::int64_t calibration_slice = 256;

/// Image i of the set as reals in 0..1, shifted by (dx, dy) pixels.
void copy_image(const labelled_images& set, std::int64_t i, std::int64_t dx, std::int64_t dy,
                float* to) {
  const std::uint8_t* from = set.images.data() + i * labelled_images::pixels;
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x) {
      const std::int64_t u = x + dx;
      const std::int64_t v = y + dy;
      const bool inside = u >= 0 && u < side && v >= 0 && v < side;
      to[y * side + x] = inside ? static_cast<float>(from[v * side + u]) / 255.0f : 0.0f;
    }
}

/// The share of the first `count` images whose largest logit is the right one.
double accuracy(perceptron& network, const labelled_images& set, std::int64_t count) {
  matrix x(count, labelled_images::pixels);
  for (std::int64_t i = 0; i < count; ++i) copy_image(set, i, 0, 0, x.row(i).data());
  const matrix logits = network.forward(x);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Eigen::Index best = 0;
    logits.row(i).maxCoeff(&best);
    right += best == set.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(count);
}

std::vector<std::int64_t> shuffled(std::int64_t n, random_numbers& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = n; i > 1; --i)
    std::swap(order[static_cast<std::size_t>(i - 1)],
              order[static_cast<std::size_t>(random.below(i))]);
  return order;
}

/// One pass over the set, every image moved by up to a pixel; returns the mean loss.
float train_epoch(perceptron& network, const labelled_images& set, int epoch,
                  random_numbers& random) {
  const std::vector<std::int64_t> order = shuffled(set.count(), random);
  const std::int64_t batches = set.count() / batch_size;
  matrix x(batch_size, labelled_images::pixels);
  std::vector<std::uint8_t> labels(static_cast<std::size_t>(batch_size));
  float loss = 0.0f;
  for (std::int64_t b = 0; b < batches; ++b) {
    for (std::int64_t r = 0; r < batch_size; ++r) {
      const std::int64_t i = order[static_cast<std::size_t>(b * batch_size + r)];
      const std::int64_t dx = random.below(3) - 1;
      const std::int64_t dy = random.below(3) - 1;
      copy_image(set, i, dx, dy, x.row(r).data());
      labels[static_cast<std::size_t>(r)] = set.labels[static_cast<std::size_t>(i)];
    }
    const auto done = static_cast<int>(epoch * batches + b);
    const float progress = static_cast<float>(done) / static_cast<float>(epochs * batches);
    const float rate = 1e-3f * 0.5f * (1.0f + std::cos(std::numbers::pi_v<float> * progress));
    loss += network.learn(x, labels, {rate, 1e-2f, done + 1});
  }
  return loss / static_cast<float>(batches);
}

void save_model(const perceptron& network, const std::string& path) {
  qtl::io::safetensors_writer out;
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const dense_layer& layer = network.layers()[i];
    const std::string name = "layers." + std::to_string(i);
    const std::int64_t n = layer.bias.value.cols();
    out.add(name + ".weight", layer.weight.value);
    out.add_bytes(name + ".bias", qtl::io::dtype::f32, {n},
                  std::as_bytes(std::span(layer.bias.value.data(), static_cast<std::size_t>(n))));
  }
  out.set_metadata("description",
                   "784-256-128-10 perceptron with ReLU, trained on Fashion-MNIST by train.cpp");
  out.save(path);
}

void save_images(const labelled_images& train, const labelled_images& test,
                 const std::string& path) {
  const auto images = [](const labelled_images& set, std::int64_t count) {
    return std::as_bytes(
        std::span(set.images).first(static_cast<std::size_t>(count * labelled_images::pixels)));
  };
  const auto labels =
      std::as_bytes(std::span(test.labels).first(static_cast<std::size_t>(test_slice)));
  qtl::io::safetensors_writer out;
  out.add_bytes("test.images", qtl::io::dtype::u8, {test_slice, labelled_images::pixels},
                images(test, test_slice));
  out.add_bytes("test.labels", qtl::io::dtype::u8, {test_slice}, labels);
  out.add_bytes("calibration.images", qtl::io::dtype::u8,
                {calibration_slice, labelled_images::pixels}, images(train, calibration_slice));
  out.set_metadata("source", "Fashion-MNIST, copyright 2017 Zalando SE, MIT licence");
  out.set_metadata("description",
                   "the first test images and, for calibration, the first training images");
  out.save(path);
}

void train(const std::string& data, const std::string& out) {
  const labelled_images training = read_images(data + "/train");
  const labelled_images test = read_images(data + "/t10k");
  random_numbers random(2024);
  perceptron network({labelled_images::pixels, 256, 128, 10}, random);
  const auto start = std::chrono::steady_clock::now();
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const float loss = train_epoch(network, training, epoch, random);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    std::printf("epoch %2d  loss %.4f  test accuracy %.2f %%  %.0f s\n", epoch + 1,
                static_cast<double>(loss), 100 * accuracy(network, test, test.count()),
                spent.count());
    std::fflush(stdout);
  }
  std::printf("float accuracy: %.2f %% of the %lld test images, %.2f %% of the first %lld\n",
              100 * accuracy(network, test, test.count()), static_cast<long long>(test.count()),
              100 * accuracy(network, test, test_slice), static_cast<long long>(test_slice));
  save_model(network, out + "/model.safetensors");
  save_images(training, test, out + "/images.safetensors");
}

}  // namespace
}  // namespace fashion

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: train DATA OUT (see train.sh)\n", stderr);
    return 2;
  }
  return common::exit_status("train", [&] {
    fashion::train(argv[1], argv[2]);
    return 0;
  });
}
