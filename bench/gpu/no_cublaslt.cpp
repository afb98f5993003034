// SPDX-License-Identifier: Apache-2.0
// bench/gpu/no_cublaslt.cpp - stands in for cublaslt_peer.cpp where the program is built without
// CUDA's headers.
#include "contestants.hpp"

namespace qtl_bench {

namespace {

std::vector<made> none(const char* name) {
  std::vector<made> all(1);
  all[0].name = name;
  all[0].refusal = cublaslt_version();
  return all;
}

}  // namespace

std::vector<made> cublaslt_int8(const shape&) { return none("cublaslt s8 to s32"); }
std::vector<made> cublaslt_fp8(const shape&) { return none("cublaslt e4m3"); }
std::vector<made> cublaslt_fp8_rows(const shape&) { return none("cublaslt e4m3 rows"); }
std::vector<made> cublaslt_fp8_blocks(const shape&) { return none("cublaslt e4m3 blocks"); }
std::vector<made> cublaslt_bf16(const shape&) { return none("cublaslt bf16"); }

std::string cublaslt_version() { return "missing: built without cuBLASLt"; }

}  // namespace qtl_bench
