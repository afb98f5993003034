// SPDX-License-Identifier: Apache-2.0
#include "images.hpp"

#include <algorithm>
#include <cstddef>

namespace fashion {
namespace {

// A tensor of bytes as reals in 0..1, at most `count` rows of it.
matrix load_pixels(const qtl::io::safetensors_file& file, const std::string& name,
                   std::int64_t count) {
  const auto bytes = file.bytes(name);
  const std::int64_t cols = file.info(name)->shape.back();
  matrix pixels(std::min(count, file.info(name)->shape.front()), cols);
  for (Eigen::Index i = 0; i < pixels.size(); ++i)
    pixels.data()[i] =
        static_cast<float>(std::to_integer<int>(bytes[static_cast<std::size_t>(i)])) / 255.0f;
  return pixels;
}

}  // namespace

image_slice load_images(const std::string& path, std::int64_t count) {
  const qtl::io::safetensors_file file(path);
  image_slice slice;
  slice.test = load_pixels(file, "test.images", count);
  slice.calibration = load_pixels(file, "calibration.images", INT64_MAX);
  for (const std::byte label :
       file.bytes("test.labels").first(static_cast<std::size_t>(slice.test.rows())))
    slice.labels.push_back(std::to_integer<std::uint8_t>(label));
  return slice;
}

double top1_accuracy(const matrix& logits, const std::vector<std::uint8_t>& labels) {
  Eigen::Index right = 0;
  for (Eigen::Index i = 0; i < logits.rows(); ++i) {
    Eigen::Index best = 0;
    logits.row(i).maxCoeff(&best);
    right += best == labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(logits.rows());
}

}  // namespace fashion
