// SPDX-License-Identifier: Apache-2.0
// examples/common/float_matrices.hpp - which tensors of a checkpoint are weights that one may
// quantize.
#pragma once

#include <string>
#include <vector>

#include "qtl/io/safetensors_file.hpp"

namespace common {

/// The names of all F32, F16 and BF16 tensors of rank 2 that are not empty, in the file's order.
inline std::vector<std::string> float_matrix_names(const qtl::io::safetensors_file& file) {
  using qtl::io::dtype;
  std::vector<std::string> names;
  for (const qtl::io::tensor_info& tensor : file.tensors()) {
    const bool real =
        tensor.dtype == dtype::f32 || tensor.dtype == dtype::f16 || tensor.dtype == dtype::bf16;
    if (real && tensor.rank() == 2 && tensor.byte_size() != 0) names.push_back(tensor.name);
  }
  return names;
}

}  // namespace common
