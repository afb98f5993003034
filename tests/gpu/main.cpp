// SPDX-License-Identifier: Apache-2.0
// tests/gpu/main.cpp - the main() of gpu_test: without a GPU that runs it, one sentence in place of
// a failure per case.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>

#include <doctest/doctest.h>

#include "qtl/gpu.hpp"

int main(int argc, char** argv) {
  const qtl::result<qtl::device_facts> device = qtl::gpu_backend::facts();
  if (!device.ok()) {
    std::fprintf(stderr, "no GPU to test: %s\n", device.why().message.c_str());
    return 1;
  }
  return doctest::Context(argc, argv).run();
}
