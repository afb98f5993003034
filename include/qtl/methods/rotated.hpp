// SPDX-License-Identifier: Apache-2.0
// qtl/methods/rotated.hpp - any method on a layer whose weight and inputs were rotated first.
// Holds: rotated<M>. The rotation itself: hadamard.hpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "qtl/methods/hadamard.hpp"
#include "qtl/methods/output_error.hpp"

namespace qtl::inline v0 {

/// Method M on the rotated weight and inputs. The layer then rotates its x by
/// hadamard_rotation{result.rotation, result.rotation_seed}. Where k is odd there is nothing to
/// rotate; where the layer has inputs and M makes less output error on them without the rotation,
/// M's own result is returned. The note says so.
template<Method M>
struct rotated {
  static constexpr short_name name = short_name("rotated ").append(short_name(M::name).view());
  static constexpr bool needs_inputs = M::needs_inputs;

  M method{};
  std::int64_t block = 0;          ///< a power of two that divides k; 0: the largest
  std::uint64_t seed = 0;          ///< of random signs; 0: none
  bool compare_with_plain = true;  ///< else rotated in any case: for activations' sake

  /// Errors: those of M, and invalid_argument for a block that does not fit, or where M rotates by
  /// itself; where inputs are compared on, those of output_error.
  template<QuantPolicy P>
  result<method_result<P>> apply(const layer_samples& layer) const {
    if (const status s = check_samples(layer, needs_inputs); !s.ok()) return s;
    const std::int64_t k = layer.weight.cols;
    const hadamard_rotation rotation{block != 0 ? block : largest_hadamard_block(k), seed};
    if (k == 0) return method.template apply<P>(layer);
    if (const status s = rotation.check(k); !s.ok()) return s;
    if (rotation.block == 1 && seed == 0)
      return unrotated<P>(layer, "not rotated: the number of columns is odd. ");
    result<method_result<P>> out = turned<P>(layer, rotation);
    if (!out.ok() || !compare_with_plain || layer.inputs.rows == 0) return out;
    result<method_result<P>> plain =
        unrotated<P>(layer, "not rotated: that is better on these inputs. ");
    if (!plain.ok()) return plain;
    const result<double> error = output_error(layer, *out);
    if (!error.ok()) return error.why();
    const result<double> plain_error = output_error(layer, *plain);
    if (!plain_error.ok()) return plain_error.why();
    return std::move(*plain_error < *error ? plain : out);
  }

 private:
  template<QuantPolicy P>
  result<method_result<P>> unrotated(const layer_samples& layer, std::string_view why) const {
    auto plain = method.template apply<P>(layer);
    if (plain.ok()) plain->note.append(why);
    return plain;
  }

  template<QuantPolicy P>
  result<method_result<P>> turned(const layer_samples& layer,
                                  const hadamard_rotation& rotation) const {
    eigen_matrix weight = to_eigen(layer.weight);
    eigen_matrix inputs;
    if (layer.inputs.cols == layer.weight.cols) inputs = to_eigen(layer.inputs);
    rotation.rotate(weight);
    if (inputs.size() != 0) rotation.rotate(inputs);
    auto out = method.template apply<P>({view_of(weight), view_of(inputs)});
    if (!out.ok()) return out;
    if (out->rotation != 0)
      return failure(error_code::invalid_argument, "method", "it rotates its inputs already");
    out->rotation = rotation.block;
    out->rotation_seed = seed;
    return out;
  }
};

}  // namespace qtl::inline v0
