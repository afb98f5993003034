// SPDX-License-Identifier: Apache-2.0
// Hostile and broken files: each rule refuses with its own sentence, and nothing crashes.
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/io/npy.hpp"
#include "qtl/io/safetensors_file.hpp"

#include "io_test_util.hpp"
#include "malformed_npy.hpp"
#include "malformed_safetensors.hpp"

using namespace qtl::io;

namespace {

// Opens `content` in every way there is and gives back the message, which must be the same for all.
template<class File, class Open>
std::string message_of(const std::string& path, const std::string& content, Open open) {
  put_file(path, content);
  const auto mapped = open(path, file_access::map);
  const auto copied = open(path, file_access::copy);
  // One byte off alignment, in a heap block of the exact size so that a sanitizer sees every step
  // outside.
  const std::vector<char> shifted = [&] {
    std::vector<char> block(content.size() + 1);
    std::copy(content.begin(), content.end(), block.begin() + 1);
    return block;
  }();
  const auto in_memory = File::from_memory(bytes_of({shifted.data() + 1, content.size()}), path);
  CHECK(!mapped.ok());
  CHECK(mapped.why().message == copied.why().message);
  CHECK(mapped.why().message == in_memory.why().message);
  return mapped.why().message.c_str();
}

template<class File, class Open>
void check_corpus(const std::vector<malformed_file>& corpus, std::string_view extension,
                  Open open) {
  const temporary_folder folder;
  std::set<std::string> messages;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const std::string name = "broken" + std::string(extension);
    const std::string message = message_of<File>(folder.file(name), corpus[i].content, open);
    CAPTURE(corpus[i].name);
    CAPTURE(message);
    CHECK(contains(message, corpus[i].phrase));
    CHECK(contains(message, name));
    CHECK(message.size() < 255);  // nothing was cut
    CHECK(messages.insert(message).second);
    for (std::size_t j = 0; j < i; ++j) CHECK(!contains(message, corpus[j].phrase));
  }
}

// No prefix and no single changed byte may crash; a changed byte may leave a valid file.
template<class File>
void check_mutations(const std::string& good) {
  REQUIRE(File::from_memory(bytes_of(good), "good").ok());
  for (std::size_t n = 0; n < good.size(); ++n) {
    const std::vector<char> exact(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(!File::from_memory(bytes_of({exact.data(), n}), "cut").ok());
  }
  for (std::size_t n = 0; n < good.size(); ++n)
    for (const int change : {1, 0x20, 0x80, 0xFF}) {
      std::string changed = good;
      changed[n] = static_cast<char>(changed[n] ^ change);
      const auto file = File::from_memory(bytes_of(changed), "changed");
      CHECK((file.ok() || !file.why().message.empty()));
    }
}

}  // namespace

TEST_CASE("malformed safetensors files are refused, each with its own sentence") {
  const std::vector<malformed_file> corpus = malformed_safetensors();
  CHECK(corpus.size() >= 60);
  check_corpus<safetensors_file>(corpus, ".safetensors",
                                 [](const std::string& path, file_access access) {
                                   safetensors_options options;
                                   options.access = access;
                                   return safetensors_file::open(path, options);
                                 });
}

TEST_CASE("malformed npy files are refused, each with its own sentence") {
  const std::vector<malformed_file> corpus = malformed_npy();
  CHECK(corpus.size() >= 40);
  check_corpus<npy_file>(corpus, ".npy", [](const std::string& path, file_access access) {
    return npy_file::open(path, access);
  });
}

TEST_CASE("cut and changed files do not crash the readers") {
  check_mutations<safetensors_file>(
      safetensors_bytes("{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F16\",\"shape\":[2,1],"
                        "\"data_offsets\":[0,4]},"
                        "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]}}",
                        5));
  check_mutations<npy_file>(npy_dict("'<f4'", "(2, 3)", 24));
}

TEST_CASE("a long path and a long name leave the rule readable") {
  const temporary_folder folder;
  const std::string path = folder.file(std::string(120, 'p') + ".safetensors");
  put_file(path, one_tensor(std::string(900, 'n'),
                            "\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,1]", 1));
  const std::string message = safetensors_file::open(path).why().message.c_str();
  CHECK(contains(message, "file '...ppp"));
  CHECK(contains(message, "p.safetensors', tensor '...nnn"));
  CHECK(contains(message, "its size by data_offsets is 1, expected 2 bytes by dtype and shape"));
}

TEST_CASE("the number of tensors has a limit") {
  safetensors_options options;
  options.max_tensors = 1;
  const std::string two = safetensors_bytes(
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
      "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
  CHECK(safetensors_file::from_memory(bytes_of(two), "two").ok());
  const auto refused = safetensors_file::from_memory(bytes_of(two), "two", options);
  CHECK(refused.why().message.view() ==
        "file 'two', tensor 'b': the number of tensors is above the limit of 1");
}
