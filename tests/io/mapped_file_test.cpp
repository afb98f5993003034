// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/mapped_file.hpp"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "io_test_util.hpp"

using namespace qtl::io;

namespace {
std::string text_of(const mapped_file& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}
}  // namespace

TEST_CASE("a file's bytes, mapped or copied") {
  const temporary_folder folder;
  for (const std::size_t size : {0u, 1u, 4096u, 65535u, 65536u, 65537u, 300'000u}) {
    std::string content(size, ' ');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7);
    const std::string path = put_file(folder.file("f"), content);
    for (const file_access access : {file_access::map, file_access::copy}) {
      const auto file = mapped_file::open(path, access);
      REQUIRE(file.ok());
      CHECK(text_of(*file) == content);
      if (access == file_access::copy) CHECK(!file->is_mapping());
    }
  }
}

TEST_CASE("a copy does not see later changes") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("f"), "before");
  const auto file = mapped_file::open(path, file_access::copy);
  put_file(path, "after.");
  CHECK(text_of(*file) == "before");
}

TEST_CASE("moving keeps the bytes in place") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("f"), "content");
  for (const file_access access : {file_access::map, file_access::copy}) {
    mapped_file a = *mapped_file::open(path, access);
    const std::byte* place = a.bytes().data();
    mapped_file b(std::move(a));
    CHECK(b.bytes().data() == place);
    mapped_file c;
    c = std::move(b);
    CHECK(c.bytes().data() == place);
    CHECK(text_of(c) == "content");
    c = mapped_file();
    CHECK(c.bytes().empty());
  }
}

TEST_CASE("what is no readable file is io_failed") {
  const temporary_folder folder;
  for (const file_access access : {file_access::map, file_access::copy}) {
    const auto missing = mapped_file::open(folder.file("missing"), access);
    CHECK(missing.why().code == qtl::error_code::io_failed);
    CHECK(contains(missing.why().message.view(), "missing': cannot open: "));
    const auto directory = mapped_file::open(folder.file(""), access);
    CHECK(directory.why().code == qtl::error_code::io_failed);
  }
#if __has_include(<sys/mman.h>)
  CHECK(contains(mapped_file::open(folder.file("")).why().message.view(), "is a folder"));
  CHECK(contains(mapped_file::open("/dev/null").why().message.view(), "is not a regular file"));
#endif
}

#if QTL_EXCEPTIONS
TEST_CASE("the throwing constructor") {
  const temporary_folder folder;
  CHECK(text_of(mapped_file(put_file(folder.file("f"), "x"))) == "x");
  CHECK_THROWS_AS(mapped_file(folder.file("missing")), qtl::error);
}
#endif
