// SPDX-License-Identifier: Apache-2.0
// Fuzzes QTL's own dialect: a view that a file gives must lie inside the file, and every element of
// it must decode.
//
//     clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I include
//     tests/fuzz/qtensor_fuzz.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "qtl/io.hpp"

namespace {

using namespace qtl;

// assert() would vanish with NDEBUG.
void require(bool condition) {
  if (!condition) std::abort();
}

void require_inside(std::span<const std::byte> file, const std::byte* data, std::int64_t size) {
  require(size == 0 || (data >= file.data() && data + size <= file.data() + file.size()));
}

template<QuantPolicy P>
void check(const io::safetensors_file& in, std::span<const std::byte> bytes,
           std::string_view name) {
  const auto view = io::try_view<P>(in, name);
  if (!view.ok()) {
    require(!view.why().message.empty());
    return;
  }
  require_inside(bytes, view->codes, view->layout.code_bytes);
  require_inside(bytes, view->scales, view->layout.scale_bytes);
  require_inside(bytes, view->offsets, view->layout.offset_bytes);
  if (view->layout.code_bytes != 0) require(try_dequantize<P>(*view).ok());
}

void check_file(std::span<const std::byte> bytes) {
  const auto in = io::safetensors_file::from_memory(bytes, "fuzz");
  if (!in.ok()) return;
  for (const io::tensor_info& tensor : in->tensors()) {
    const auto policy = io::try_read_policy(*in, tensor.name);
    if (policy.ok()) require(io::try_parse_policy(io::to_json(*policy)).ok());
    for_each_type(shipped_presets{},
                  [&]<class Pair>() { check<typename Pair::weight>(*in, bytes, tensor.name); });
  }
}

// The input as the metadata of one tensor: chance alone seldom writes a whole file around it.
void check_metadata(std::string_view text) {
  if (!io::is_utf8(text)) return;
  io::safetensors_writer out;
  const std::byte parts[24]{};
  require(out.try_add_bytes("w", io::dtype::u8, {2, 3}, std::span(parts).first(6)).ok());
  require(out.try_add_bytes("w.scale", io::dtype::f16, {2, 1}, std::span(parts).first(4)).ok());
  require(out.try_add_bytes("w.zero_point", io::dtype::u8, {2, 1}, std::span(parts).first(2)).ok());
  require(out.try_set_metadata("qtl.w", text).ok());
  std::string file(8, '\0');
  const std::string header = out.header();
  io::store_little_endian(reinterpret_cast<std::byte*>(file.data()), std::uint64_t{header.size()});
  file += header + std::string(12, '\0');
  check_file(std::as_bytes(std::span(file.data(), file.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  check_file(input);
  check_metadata({reinterpret_cast<const char*>(data), size});
  static_cast<void>(io::try_parse_linear({reinterpret_cast<const char*>(data), size}));
  return 0;
}
