// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/atomic_file.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "io_test_util.hpp"

#if __has_include(<sys/resource.h>)
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#endif

using namespace qtl::io;

TEST_CASE("a new file, and an old one replaced") {
  const temporary_folder folder;
  const std::string path = folder.file("f");
  CHECK(try_replace_file(path, bytes_of("first")).ok());
  CHECK(get_file(path) == "first");
  CHECK(try_replace_file(path, bytes_of("")).ok());
  CHECK(get_file(path) == "");
  const std::string large(3'000'000, 'x');
  CHECK(try_replace_file(path, bytes_of(large)).ok());
  CHECK(get_file(path) == large);
  CHECK(folder.entries() == 1);
}

TEST_CASE("nothing shows before commit") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("f"), "old");
  {
    auto file = atomic_file::create(path);
    REQUIRE(file.ok());
    CHECK(file->write("new content").ok());
    CHECK(get_file(path) == "old");
    CHECK(folder.entries() == 2);
  }
  CHECK(get_file(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("two writers do not mix; the last commit wins") {
  const temporary_folder folder;
  const std::string path = folder.file("f");
  auto a = atomic_file::create(path);
  auto b = atomic_file::create(path);
  CHECK(a->write("aaaa").ok());
  CHECK(b->write("bb").ok());
  CHECK(b->commit().ok());
  CHECK(a->commit().ok());
  CHECK(get_file(path) == "aaaa");
  CHECK(a->commit().code == qtl::error_code::invalid_argument);
  CHECK(a->write("c").code == qtl::error_code::invalid_argument);
  CHECK(folder.entries() == 1);
}

TEST_CASE("a folder that is missing, and a target that is a folder") {
  const temporary_folder folder;
  const qtl::status missing = try_replace_file(folder.file("none/f"), bytes_of("x"));
  CHECK(missing.code == qtl::error_code::io_failed);
  CHECK(contains(missing.message.view(), "cannot create a temporary file beside it"));
  std::filesystem::create_directory(folder.file("d"));
  put_file(folder.file("d/inside"), "kept");
  const qtl::status onto_folder = try_replace_file(folder.file("d"), bytes_of("x"));
  CHECK(onto_folder.code == qtl::error_code::io_failed);
  CHECK(contains(onto_folder.message.view(), "cannot rename onto it"));
  CHECK(get_file(folder.file("d/inside")) == "kept");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a name as long as the file system allows") {
  const temporary_folder folder;
  const std::string path = folder.file(std::string(250, 'n'));
  CHECK(try_replace_file(path, bytes_of("x")).ok());
  CHECK(get_file(path) == "x");
}

#if __has_include(<sys/resource.h>)
TEST_CASE("a write that fails half way leaves the old file and no temporary") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("f"), "old");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 100'000;
  setrlimit(RLIMIT_FSIZE, &small);
  const qtl::status s = try_replace_file(path, bytes_of(std::string(1'000'000, 'x')));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);
  CHECK(s.code == qtl::error_code::io_failed);
  CHECK(contains(s.message.view(), "cannot write"));
  CHECK(get_file(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a replaced file keeps its permissions") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("f"), "old");
  ::chmod(path.c_str(), 0640);
  CHECK(try_replace_file(path, bytes_of("new")).ok());
  struct ::stat facts{};
  ::stat(path.c_str(), &facts);
  CHECK((facts.st_mode & 0777) == 0640);
}
#endif
