// SPDX-License-Identifier: Apache-2.0
// bench/gpu/cublaslt_library.cpp - finds the library and its functions.
#include "cublaslt_library.hpp"

#include <cstdlib>
#include <dlfcn.h>

namespace qtl_bench {

namespace {

constexpr const char* places[] = {
    "libcublasLt.so." QTL_CUBLASLT_MAJOR,
    "/usr/local/cuda/lib64/libcublasLt.so." QTL_CUBLASLT_MAJOR,
};

void* open_library(std::string& missing) {
  if (const char* told = std::getenv("QTL_CUBLASLT"))
    if (void* library = dlopen(told, RTLD_NOW)) return library;
  for (const char* place : places)
    if (void* library = dlopen(place, RTLD_NOW)) return library;
  missing = std::string(places[0]) + " is not found; QTL_CUBLASLT may name it";
  return nullptr;
}

template<class F>
void find(void* library, const char* name, F& function, std::string& missing) {
  function = reinterpret_cast<F>(dlsym(library, name));
  if (function == nullptr) missing = std::string("no ") + name;
}

cublaslt_library open() {
  cublaslt_library l;
  void* library = open_library(l.missing);
  if (library == nullptr) return l;
  find(library, "cublasLtCreate", l.create, l.missing);
  find(library, "cublasLtGetVersion", l.version, l.missing);
  find(library, "cublasLtMatmul", l.matmul, l.missing);
  find(library, "cublasLtMatmulAlgoGetHeuristic", l.heuristic, l.missing);
  find(library, "cublasLtMatmulAlgoConfigGetAttribute", l.algorithm_attribute, l.missing);
  find(library, "cublasLtMatmulDescCreate", l.create_description, l.missing);
  find(library, "cublasLtMatmulDescDestroy", l.destroy_description, l.missing);
  find(library, "cublasLtMatmulDescSetAttribute", l.set_description, l.missing);
  find(library, "cublasLtMatrixLayoutCreate", l.create_layout, l.missing);
  find(library, "cublasLtMatrixLayoutDestroy", l.destroy_layout, l.missing);
  find(library, "cublasLtMatmulPreferenceCreate", l.create_preference, l.missing);
  find(library, "cublasLtMatmulPreferenceDestroy", l.destroy_preference, l.missing);
  find(library, "cublasLtMatmulPreferenceSetAttribute", l.set_preference, l.missing);
  if (l.missing.empty() && l.create(&l.handle) != CUBLAS_STATUS_SUCCESS)
    l.missing = "cublasLtCreate fails";
  return l;
}

}  // namespace

const cublaslt_library& cublaslt_library::get() {
  static const cublaslt_library library = open();
  return library;
}

}  // namespace qtl_bench
