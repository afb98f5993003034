// SPDX-License-Identifier: Apache-2.0
// Fuzzes the .npy reader. What it accepts must fill the file, and its header must survive being
// written and read again.
//
//     clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I include
//     tests/fuzz/npy_fuzz.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "qtl/io/npy.hpp"

namespace {

using namespace qtl::io;

// assert() would vanish with NDEBUG.
void require(bool condition) {
  if (!condition) std::abort();
}

void check_round_trip(const npy_header& header) {
  const auto text = write_npy_header(header.descr, header.shape, header.fortran_order);
  require(text.ok() && text->size() % 64 == 0);
  const auto bytes = std::as_bytes(std::span(text->data(), text->size()));
  const auto again = parse_npy_header(bytes, std::ssize(bytes) + header.data_bytes, "written");
  require(again.ok());
  require(again->descr == header.descr && again->shape == header.shape);
  require(again->fortran_order == header.fortran_order && again->data_bytes == header.data_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  const auto file = npy_file::from_memory(input, "fuzz");
  if (!file.ok()) {
    require(file.why().code != qtl::error_code::ok && !file.why().message.empty());
    return 0;
  }
  require(file->bytes().data() + file->bytes().size() == input.data() + size);
  const auto matrix = file->try_matrix();
  if (matrix.ok()) require(matrix->rows() * matrix->cols() * 2 <= std::ssize(file->bytes()));
  check_round_trip(file->header());
  return 0;
}
