// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/idx.hpp - the IDX files in which Fashion-MNIST is published.
// Holds: labelled_images, read_images. Only train.cpp needs them; the demo reads safetensors.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace fashion {

/// Images of `pixels` bytes each, one after the other, with their classes.
struct labelled_images {
  static constexpr std::int64_t pixels = 28 * 28;
  std::vector<std::uint8_t> images;
  std::vector<std::uint8_t> labels;

  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

/// The bytes of an IDX file behind its header: a magic number and one extent per dimension, four
/// bytes each.
inline std::vector<std::uint8_t> read_idx(const std::string& path, std::ptrdiff_t dimensions) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  const std::ptrdiff_t header = 4 * (1 + dimensions);
  if (std::ssize(bytes) < header || bytes[2] != 8 || bytes[3] != dimensions)
    throw std::runtime_error(path + " is not an IDX file of bytes");
  bytes.erase(bytes.begin(), bytes.begin() + header);
  return bytes;
}

/// Reads `<stem>-images-idx3-ubyte` and `<stem>-labels-idx1-ubyte`.
inline labelled_images read_images(const std::string& stem) {
  labelled_images set{read_idx(stem + "-images-idx3-ubyte", 3),
                      read_idx(stem + "-labels-idx1-ubyte", 1)};
  if (set.images.size() != set.labels.size() * labelled_images::pixels)
    throw std::runtime_error(stem + ": the numbers of images and labels differ");
  return set;
}

}  // namespace fashion
