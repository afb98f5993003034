// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/safetensors_file.hpp"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "io_test_util.hpp"
#include "malformed_safetensors.hpp"

using namespace qtl::io;

namespace {

// Starts with one odd byte, so that every later tensor is misaligned: F32 (1, 2), F16 1x2 (1, -2),
// BF16 2x1 (3, 0.5).
std::string misaligned_file() {
  const std::string json =
      R"({"__metadata__":{"maker":"hand"},"byte":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
      R"("f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"h":{"dtype":"F16","shape":[1,2],"data_offsets":[9,13]},)"
      R"("b":{"dtype":"BF16","shape":[2,1],"data_offsets":[13,17]},"e":{"dtype":"F32","shape":[0,5],)"
      R"("data_offsets":[17,17]},"s":{"dtype":"F32","shape":[],"data_offsets":[17,21]}})";
  return safetensors_bytes(json) + "\x07" + std::string("\0\0\x80\x3F\0\0\0\x40", 8) +
         std::string("\0\x3C\0\xC0", 4) + std::string("\x40\x40\0\x3F", 4) + std::string(4, '\0');
}

}  // namespace

TEST_CASE("bytes without a copy, floats from any address") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("m.safetensors"), misaligned_file());
  auto opened = safetensors_file::open(path);
  REQUIRE(opened.ok());
  const safetensors_file in = *std::move(opened);  // the views must survive the move
  CHECK(in.path() == path);
  CHECK(in.names() == std::vector<std::string_view>{"byte", "f", "h", "b", "e", "s"});
  CHECK(*in.metadata("maker") == "hand");
  CHECK(in.metadata("none") == nullptr);
  CHECK(in.info("h")->dtype == dtype::f16);
  CHECK(in.info("none") == nullptr);
  const auto byte = in.try_bytes("byte");
  REQUIRE(byte.ok());
  REQUIRE(byte->size() == 1);
  CHECK(std::to_integer<int>((*byte)[0]) == 7);
  CHECK(in.try_bytes("f")->data() == byte->data() + 1);

  const auto f = in.try_matrix("f");
  REQUIRE(f.ok());
  CHECK(f->rows() == 1);
  CHECK(f->cols() == 2);
  CHECK((*f)(0, 0) == 1.0f);
  CHECK((*f)(0, 1) == 2.0f);
  const auto h = in.try_matrix("h");
  CHECK((*h)(0, 0) == 1.0f);
  CHECK((*h)(0, 1) == -2.0f);
  const auto b = in.try_get<qtl::matrix<float>>("b");
  CHECK(b->rows() == 2);
  CHECK((*b)(0, 0) == 3.0f);
  CHECK((*b)(1, 0) == 0.5f);
  const auto e = in.try_matrix("e");
  REQUIRE(e.ok());
  CHECK(e->rows() == 0);
  CHECK(e->cols() == 5);
}

TEST_CASE("what is not there, and what is no matrix of floats") {
  const std::string bytes = misaligned_file();
  const auto in = safetensors_file::from_memory(bytes_of(bytes), "m");
  REQUIRE(in.ok());
  CHECK(in->try_bytes("none").why().message.view() ==
        "file 'm', tensor 'none': no tensor of that name");
  CHECK(in->try_bytes("none").why().code == qtl::error_code::not_found);
  CHECK(in->try_matrix("none").why().code == qtl::error_code::not_found);
  CHECK(in->try_matrix("byte").why().message.view() ==
        "file 'm', tensor 'byte': dtype U8 does not convert to float; F32, F16 and BF16 do");
  CHECK(in->try_matrix("s").why().message.view() ==
        "file 'm', tensor 's': rank is 0, expected 2 (or 1, read as one row)");
}

TEST_CASE("every way to open") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("m.safetensors"), misaligned_file() + "tail");
  CHECK(!safetensors_file::open(path).ok());
  safetensors_options options;
  options.allow_trailing_bytes = true;
  options.access = file_access::copy;
  CHECK(safetensors_file::open(path, options).ok());
  CHECK(safetensors_file::open(folder.file("none")).why().code == qtl::error_code::io_failed);
}

#if QTL_EXCEPTIONS
TEST_CASE("the throwing forms") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("m.safetensors"), misaligned_file());
  const safetensors_file in(path);
  CHECK(in.bytes("f").size() == 8);
  CHECK(in.matrix("f")(0, 1) == 2.0f);
  CHECK(in.get<qtl::matrix<float>>("h")(0, 1) == -2.0f);
  CHECK_THROWS_AS(in.bytes("none"), qtl::error);
  CHECK_THROWS_AS(in.matrix("s"), qtl::error);
  CHECK_THROWS_AS(safetensors_file(folder.file("none")), qtl::error);
}
#endif
