// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/safetensors_writer.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "qtl/io/safetensors_file.hpp"

#include "io_test_util.hpp"

using namespace qtl::io;

namespace {

// A type of another floor, stored as two tensors, and the key that users name it by.
struct scaled {
  std::vector<std::int8_t> codes;
  float scale;
};
struct scaled_key {};

}  // namespace

template<>
struct qtl::io::stored_as<scaled_key> {
  using type = scaled;
};

template<>
struct qtl::io::tensor_codec<scaled> {
  static status write(safetensors_writer& out, std::string_view name, const scaled& value) {
    const std::string base(name);
    const auto codes = std::as_bytes(std::span(value.codes));
    if (status s = out.try_add_bytes(base + ".codes", dtype::i8, {std::ssize(value.codes)}, codes);
        !s.ok())
      return s;
    return out.try_add(base + ".scale", matrix_view<const float>(&value.scale, 1, 1));
  }
  static result<scaled> read(const safetensors_file& in, std::string_view name) {
    const auto codes = in.try_bytes(std::string(name) + ".codes");
    if (!codes.ok()) return codes.why();
    const auto scale = in.try_matrix(std::string(name) + ".scale");
    if (!scale.ok()) return scale.why();
    scaled value{std::vector<std::int8_t>(codes->size()), (*scale)(0, 0)};
    std::memcpy(value.codes.data(), codes->data(), codes->size());
    return value;
  }
};

TEST_CASE("golden: the same bytes as the format's own writer (safetensors 0.8.0)") {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"s":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("w":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},"z":{"dtype":"F32","shape":[0,4],)"
      R"("data_offsets":[32,32]},"b.bias":{"dtype":"F16","shape":[3],"data_offsets":[32,38]},)"
      R"("a":{"dtype":"U8","shape":[3],"data_offsets":[38,41]},)"
      "\"q\\\"\\\\\\n\xC3\xA9\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[41,42]}} ";
  std::string expected = std::string("\x78\x01\0\0\0\0\0\0", 8) + header;
  expected += std::string("\7\0\0\0\0\0\0\0", 8);
  expected += std::string("\0\0\0\0\0\0\x80\x3F\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xA0\x40", 24);
  expected += std::string("\0\x3C\0\xC0\0\x42\0\1\2\1", 10);

  const temporary_folder folder;
  const std::string path = folder.file("golden.safetensors");
  const float w[] = {0, 1, 2, 3, 4, 5};
  safetensors_writer out;
  CHECK(out.try_set_metadata("format", "other").ok());
  CHECK(out.try_set_metadata("format", "pt").ok());
  CHECK(out.try_add_bytes("q\"\\\n\xC3\xA9", dtype::boolean, {1}, bytes_of("\1")).ok());
  CHECK(out.try_add_bytes("z", dtype::f32, {0, 4}, {}).ok());
  CHECK(out.try_add("w", qtl::matrix_view<const float>(w, 2, 3)).ok());
  CHECK(out.try_add_bytes("b.bias", dtype::f16, {3}, bytes_of(std::string("\0\x3C\0\xC0\0\x42", 6)))
            .ok());
  CHECK(out.try_add_bytes("a", dtype::u8, {3}, bytes_of(std::string("\0\1\2", 3))).ok());
  CHECK(out.try_add_borrowed_bytes("s", dtype::i64, {},
                                   bytes_of(std::string_view("\7\0\0\0\0\0\0\0", 8)))
            .ok());
  CHECK(out.size() == 6);
  CHECK(out.header() == header);
  REQUIRE(out.try_save(path).ok());
  CHECK(get_file(path) == expected);
}

TEST_CASE("an empty file is a valid file") {
  const temporary_folder folder;
  const std::string path = folder.file("empty.safetensors");
  REQUIRE(safetensors_writer().try_save(path).ok());
  CHECK(get_file(path) == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  CHECK(safetensors_file::open(path)->names().empty());
}

TEST_CASE("round trip of every dtype; data start on a multiple of 8") {
  const temporary_folder folder;
  const std::string path = folder.file("all.safetensors");
  safetensors_writer out;
  std::string names;
  for (int i = 0; i <= static_cast<int>(dtype::u64); ++i) {
    const auto type = static_cast<dtype>(i);
    const std::string data(static_cast<std::size_t>(bits_of(type)), static_cast<char>('a' + i));
    CHECK(out.try_add_bytes("t" + std::to_string(i), type, {2, 4}, bytes_of(data))
              .ok());  // 8 elements
  }
  REQUIRE(out.try_save(path).ok());
  const auto in = safetensors_file::open(path);
  REQUIRE(in.ok());
  CHECK(in->tensors().size() == 22);
  CHECK(in->tensors().front().dtype == dtype::u64);
  CHECK(in->tensors().back().dtype == dtype::boolean);
  for (const tensor_info& tensor : in->tensors()) {
    const auto bytes = in->try_bytes(tensor.name);
    CHECK(std::ssize(*bytes) == bits_of(tensor.dtype));
    CHECK(tensor.name == "t" + std::to_string(static_cast<int>(tensor.dtype)));
    for (const std::byte b : *bytes)
      CHECK(std::to_integer<int>(b) == 'a' + static_cast<int>(tensor.dtype));
  }
  CHECK(nlohmann::json::parse(out.header()).size() == 22);
  CHECK(out.header().size() % 8 == 0);
}

TEST_CASE("matrices of any strides") {
  const temporary_folder folder;
  const std::string path = folder.file("m.safetensors");
  const float data[] = {1, 2, 3, 4, 5, 6};
  safetensors_writer out;
  CHECK(out.try_add("transposed", qtl::matrix_view<const float>(data, 3, 2, 1, 3)).ok());
  CHECK(out.try_add("empty", qtl::matrix_view<const float>(data, std::int64_t{1} << 40, 0)).ok());
  auto owned = qtl::matrix<float>::make(1, 2);
  (*owned)(0, 1) = -8;
  CHECK(out.try_add("owned", *owned).ok());
  REQUIRE(out.try_save(path).ok());
  const auto in = safetensors_file::open(path);
  const auto m = in->try_matrix("transposed");
  REQUIRE(m.ok());
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j) CHECK((*m)(i, j) == data[j * 3 + i]);
  CHECK((*in->try_matrix("owned"))(0, 1) == -8.0f);
}

TEST_CASE("types of other floors join through tensor_codec") {
  const temporary_folder folder;
  const std::string path = folder.file("q.safetensors");
  safetensors_writer out;
  CHECK(out.try_add("layer", scaled{{-7, 0, 7}, 0.25f}).ok());
  REQUIRE(out.try_save(path).ok());
  const auto in = safetensors_file::open(path);
  const auto value = in->try_get<scaled_key>("layer");
  REQUIRE(value.ok());
  CHECK(value->codes == std::vector<std::int8_t>{-7, 0, 7});
  CHECK(value->scale == 0.25f);
  CHECK(in->try_get<scaled>("none").why().code == qtl::error_code::not_found);
  static_assert(!StorableTensor<int> && !LoadableTensor<scaled_key>);
}

TEST_CASE("what could not be read back is refused") {
  safetensors_writer out;
  const auto add = [&](std::string_view name, std::vector<std::int64_t> shape, std::size_t n) {
    const std::string data(n, 'x');
    return out.try_add_bytes(name, dtype::u8, std::move(shape), bytes_of(data));
  };
  CHECK(add("a", {2}, 2).ok());
  CHECK(add("a", {2}, 2).message.view() == "tensor 'a': a tensor of that name was added before");
  CHECK(add("b", {2}, 3).message.view() ==
        "tensor 'b': the number of bytes is 3, expected 2 by dtype and shape");
  CHECK(add("b", {2, -1}, 3).code == qtl::error_code::invalid_argument);
  CHECK(add("b", {INT64_MAX, 2}, 3).code == qtl::error_code::overflow);
  CHECK(add("b", std::vector<std::int64_t>(17, 1), 1).message.view() ==
        "tensor 'b': the rank is 17, expected 16");
  CHECK(add("__metadata__", {1}, 1).code == qtl::error_code::invalid_argument);
  CHECK(add("\xFF", {1}, 1).code == qtl::error_code::invalid_argument);
  CHECK(add(std::string(1025, 'n'), {1}, 1).code == qtl::error_code::invalid_argument);
  CHECK(!out.try_set_metadata("\xC0", "v").ok());
  CHECK(!out.try_set_metadata("k", "\xC0").ok());
  CHECK(out.size() == 1);
}

TEST_CASE("a failed save leaves the old file") {
  const temporary_folder folder;
  const std::string path = folder.file("m.safetensors");
  safetensors_writer first, second;
  CHECK(first.try_add_bytes("a", dtype::u8, {1}, bytes_of("1")).ok());
  REQUIRE(first.try_save(path).ok());
  const std::string before = get_file(path);
  CHECK(second.try_set_metadata("k", std::string(100'000'000, 'v')).ok());
  CHECK(second.try_save(path).code == qtl::error_code::invalid_argument);
  CHECK(get_file(path) == before);
  CHECK(folder.entries() == 1);
  CHECK(first.try_save(folder.file("none/m.safetensors")).code == qtl::error_code::io_failed);
}

#if QTL_EXCEPTIONS
TEST_CASE("the throwing forms") {
  const temporary_folder folder;
  const std::string path = folder.file("m.safetensors");
  safetensors_writer out;
  const float one = 1;
  out.add("f", qtl::matrix_view<const float>(&one, 1, 1));
  out.add("q", scaled{{1}, 2});
  out.add_bytes("b", dtype::u8, {1}, bytes_of("x"));
  out.set_metadata("k", "v");
  out.save(path);
  CHECK(safetensors_file(path).get<scaled_key>("q").scale == 2.0f);
  CHECK_THROWS_AS(out.add_bytes("b", dtype::u8, {1}, bytes_of("x")), qtl::error);
  CHECK_THROWS_AS(out.save(folder.file("none/m")), qtl::error);
}
#endif
