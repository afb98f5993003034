// SPDX-License-Identifier: Apache-2.0
// examples/minilm/weights.hpp - the parameters of a BERT encoder, read from a safetensors file.
// Holds: linear, norm, embedding_tables, encoder_weights, load_weights. Not here: what is computed with them (encoder.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "qtl/io/safetensors_file.hpp"

namespace minilm {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// y = x W^T + bias.
struct linear {
  std::string name;  ///< of the weight in the file
  matrix weight;     ///< n x k
  Eigen::RowVectorXf bias;
};

/// LayerNorm's gamma and beta.
struct norm {
  Eigen::RowVectorXf gamma;
  Eigen::RowVectorXf beta;
};

/// One row per token id, per position, per kind of sentence.
struct embedding_tables {
  matrix word;
  matrix position;
  matrix token_type;
};

/// The linear layers of one encoder layer, in the order in which they run.
enum linear_role { query, key, value, attention_output, intermediate, output, roles };

/// The whole model. Linear layer `role` of encoder layer i is linears[roles * i + role]; the pooler
/// is the last.
struct encoder_weights {
  embedding_tables embeddings;
  norm embedding_norm;
  std::vector<linear> linears;
  std::vector<norm> attention_norms;  ///< per encoder layer
  std::vector<norm> output_norms;     ///< per encoder layer
  Eigen::Index heads = 12;            ///< not in the file: hidden / 32 in this family

  std::size_t layers() const { return output_norms.size(); }
  Eigen::Index hidden() const { return embeddings.word.cols(); }
};

/// Reads as many encoder layers as the file has. Throws qtl::error naming what is missing.
encoder_weights load_weights(const qtl::io::safetensors_file& file);

}  // namespace minilm
