// SPDX-License-Identifier: Apache-2.0
// bench/gpu/cublaslt_library.hpp - cuBLASLt, opened at run time: a program that is carried to
// another machine takes the one that is there, or does without.
// Holds: cublaslt_library.
#pragma once

#include <cublasLt.h>
#include <string>

namespace qtl_bench {

/// The functions that a product needs.
struct cublaslt_library {
  decltype(&cublasLtCreate) create = nullptr;
  decltype(&cublasLtGetVersion) version = nullptr;
  decltype(&cublasLtMatmul) matmul = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic = nullptr;
  decltype(&cublasLtMatmulAlgoConfigGetAttribute) algorithm_attribute = nullptr;
  decltype(&cublasLtMatmulDescCreate) create_description = nullptr;
  decltype(&cublasLtMatmulDescDestroy) destroy_description = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) set_description = nullptr;
  decltype(&cublasLtMatrixLayoutCreate) create_layout = nullptr;
  decltype(&cublasLtMatrixLayoutDestroy) destroy_layout = nullptr;
  decltype(&cublasLtMatmulPreferenceCreate) create_preference = nullptr;
  decltype(&cublasLtMatmulPreferenceDestroy) destroy_preference = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference = nullptr;

  cublasLtHandle_t handle = nullptr;
  std::string missing;  ///< why it cannot be used; empty where it can

  /// The one of this program, opened at the first call: $QTL_CUBLASLT, or what the loader finds.
  static const cublaslt_library& get();
};

}  // namespace qtl_bench
