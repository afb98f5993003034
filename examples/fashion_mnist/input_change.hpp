// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/input_change.hpp - what a layer's input goes through before it meets a
// method's weight.
// Holds: input_change: rotation, scale, order, and the way to a checkpoint and back.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "qtl/io/safetensors_file.hpp"
#include "qtl/io/safetensors_writer.hpp"
#include "qtl/methods/input_change.hpp"

#include "network.hpp"

namespace fashion {

/// The part of a method_result that concerns inputs; empty for most methods.
class input_change {
 public:
  input_change() = default;

  template<qtl::QuantPolicy P>
  explicit input_change(const qtl::method_result<P>& from) {
    how_.input_scale = from.input_scale;
    how_.input_order = from.input_order;
    how_.rotation = from.rotation;
    how_.rotation_seed = from.rotation_seed;
  }

  /// Reads back what save wrote for a layer.
  input_change(const qtl::io::safetensors_file& in, const std::string& layer) {
    if (in.info(layer + ".input_scale") != nullptr) {
      const qtl::matrix<float> scale = in.matrix(layer + ".input_scale");
      how_.input_scale.assign(scale.data(), scale.data() + scale.cols());
    }
    how_.input_order = integers(in, layer + ".input_order");
    const std::vector<std::int64_t> rotation = integers(in, layer + ".input_rotation");
    if (rotation.empty()) return;
    how_.rotation = rotation[0];
    how_.rotation_seed = static_cast<std::uint64_t>(rotation[1]);
  }

  bool empty() const {
    return how_.rotation == 0 && how_.input_scale.empty() && how_.input_order.empty();
  }

  matrix apply(const matrix& x) const { return qtl::changed_inputs(how_, qtl::as_view(x)); }

  void save(qtl::io::safetensors_writer& out, const std::string& layer) const {
    const auto count = [](const auto& values) { return static_cast<std::int64_t>(values.size()); };
    if (!how_.input_scale.empty())
      out.add_bytes(layer + ".input_scale", qtl::io::dtype::f32, {count(how_.input_scale)},
                    std::as_bytes(std::span(how_.input_scale)));
    if (!how_.input_order.empty())
      out.add_bytes(layer + ".input_order", qtl::io::dtype::i64, {count(how_.input_order)},
                    std::as_bytes(std::span(how_.input_order)));
    const std::array rotation{how_.rotation, static_cast<std::int64_t>(how_.rotation_seed)};
    if (how_.rotation != 0)
      out.add_bytes(layer + ".input_rotation", qtl::io::dtype::i64, {2},
                    std::as_bytes(std::span(rotation)));
  }

 private:
  static std::vector<std::int64_t> integers(const qtl::io::safetensors_file& in,
                                            const std::string& name) {
    std::vector<std::int64_t> values;
    if (in.info(name) == nullptr) return values;
    const std::span<const std::byte> bytes = in.bytes(name);
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::int64_t))
      values.push_back(
          static_cast<std::int64_t>(qtl::io::load_little_endian<std::uint64_t>(bytes.data() + at)));
    return values;
  }

  qtl::method_result<qtl::policy<qtl::s8>> how_;  // its weight stays empty: inputs do not need it
};

}  // namespace fashion
