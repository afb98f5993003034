// SPDX-License-Identifier: Apache-2.0
// Fuzzes the safetensors reader. What it accepts must lie inside the file, and survive being
// written and read again.
//
//     clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I include
//     tests/fuzz/safetensors_fuzz.cpp
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "qtl/io/safetensors_file.hpp"
#include "qtl/io/safetensors_writer.hpp"

namespace {

using namespace qtl::io;

// assert() would vanish with NDEBUG.
void require(bool condition) {
  if (!condition) std::abort();
}

// Tensors must be found under their names, and cover the data section from its start without a gap.
std::int64_t check_places(const safetensors_file& file, std::span<const std::byte> input) {
  std::int64_t reached = 0;
  for (const tensor_info& tensor : file.tensors()) {
    require(file.info(tensor.name) == &tensor);
    require(tensor.begin == reached && tensor.end >= tensor.begin);
    const auto bytes = file.try_bytes(tensor.name);
    require(bytes.ok() && std::ssize(*bytes) == tensor.byte_size());
    require(bytes->data() >= input.data() + 8 &&
            bytes->data() + bytes->size() <= input.data() + input.size());
    std::int64_t bits = bits_of(tensor.dtype);
    for (const std::int64_t extent : tensor.shape)
      require(!__builtin_mul_overflow(bits, extent, &bits));
    require(bits == 8 * tensor.byte_size());
    static_cast<void>(file.try_matrix(tensor.name));
    reached = tensor.end;
  }
  return reached;
}

void check_round_trip(const safetensors_file& file) {
  safetensors_writer writer;
  for (const auto& [key, value] : file.metadata())
    require(writer.try_set_metadata(key, value).ok());
  std::int64_t size = 0;
  for (const tensor_info& tensor : file.tensors()) {
    require(writer
                .try_add_borrowed_bytes(tensor.name, tensor.dtype, tensor.shape,
                                        *file.try_bytes(tensor.name))
                .ok());
    size += tensor.byte_size();
  }
  const std::string header = writer.header();
  std::vector<std::byte> bytes(8 + header.size());
  store_little_endian(bytes.data(), static_cast<std::uint64_t>(header.size()));
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  const auto again = parse_header(bytes, std::ssize(bytes) + size, "written");
  require(again.ok());
  require(again->tensors.size() == file.tensors().size());
  for (const tensor_info& tensor : file.tensors()) {
    const tensor_info* other = again->find(tensor.name);
    require(other != nullptr && other->dtype == tensor.dtype && other->shape == tensor.shape);
  }
  require(std::equal(again->metadata.begin(), again->metadata.end(), file.metadata().begin(),
                     file.metadata().end()));
}

void check(std::span<const std::byte> input) {
  safetensors_options lenient;
  lenient.allow_trailing_bytes = true;
  const auto strict_file = safetensors_file::from_memory(input, "fuzz");
  const auto file = safetensors_file::from_memory(input, "fuzz", lenient);
  require(!strict_file.ok() || file.ok());
  if (!file.ok()) {
    require(file.why().code != qtl::error_code::ok && !file.why().message.empty());
    return;
  }
  const std::int64_t reached = check_places(*file, input);
  const bool fills =
      8 + static_cast<std::int64_t>(load_little_endian<std::uint64_t>(input.data())) + reached ==
      std::ssize(input);
  require(strict_file.ok() == fills);
  check_round_trip(*file);
}

// The input as a header whose length is right, before `data_bytes` bytes: chance alone seldom gets
// past the length.
std::vector<std::byte> framed(std::span<const std::byte> text, std::size_t data_bytes) {
  std::vector<std::byte> file(8 + text.size() + data_bytes);
  store_little_endian(file.data(), static_cast<std::uint64_t>(text.size()));
  if (!text.empty()) std::memcpy(file.data() + 8, text.data(), text.size());
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  check(input);
  if (size > 8) check(framed(input.subspan(8), data[0]));
  return 0;
}
