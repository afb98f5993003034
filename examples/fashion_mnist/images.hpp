// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/images.hpp - the slice of Fashion-MNIST that comes with the demo.
// Holds: image_slice, load_images, top1_accuracy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network.hpp"

namespace fashion {

/// Test images with their classes, and training images to calibrate with; one image per row, values
/// in 0..1.
struct image_slice {
  matrix test;
  std::vector<std::uint8_t> labels;
  matrix calibration;
};

/// Reads the file, keeping at most the first `count` test images.
image_slice load_images(const std::string& path, std::int64_t count);

/// The share of rows whose largest value stands at the row's label.
double top1_accuracy(const matrix& logits, const std::vector<std::uint8_t>& labels);

}  // namespace fashion
