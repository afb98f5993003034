// SPDX-License-Identifier: Apache-2.0
// Headers that must be accepted, and what is read from them; what must be refused stands in
// malformed_test.cpp.
#include "qtl/io/safetensors_header.hpp"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "io_test_util.hpp"
#include "malformed_safetensors.hpp"

using namespace qtl::io;

namespace {
qtl::result<safetensors_header> parse(const std::string& file,
                                      const safetensors_options& options = {}) {
  return parse_header(bytes_of(file), std::ssize(file), "test", options);
}
}  // namespace

TEST_CASE("golden: one I32 2x2 tensor") {
  const std::string file =
      safetensors_bytes(R"({"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}})", 16);
  REQUIRE(file[0] == 60);
  const auto header = parse(file);
  REQUIRE(header.ok());
  REQUIRE(header->tensors.size() == 1);
  const tensor_info* test = header->find("test");
  REQUIRE(test != nullptr);
  CHECK(test->dtype == dtype::i32);
  CHECK(test->shape == std::vector<std::int64_t>{2, 2});
  CHECK(test->begin == 0);
  CHECK(test->end == 16);
  CHECK(header->data_begin == 68);
  CHECK(header->data_end == 84);
  CHECK(header->find("tes") == nullptr);
  CHECK(header->find("testt") == nullptr);
}

TEST_CASE("golden: an empty object, with whitespace of every kind around it") {
  const std::string file = std::string("\x06\0\0\0\0\0\0\0", 8) + "{}\r \t\n";
  REQUIRE(parse(file).ok());
  CHECK(parse(file)->tensors.empty());
  CHECK(parse(safetensors_bytes("   \n\t{}")).ok());  // used to align the data to a page
  CHECK(parse(safetensors_bytes("{\"__metadata__\":{}}")).ok());
}

TEST_CASE("scalars, empty tensors, names of any text") {
  const std::string file =
      safetensors_bytes(R"({"":{"dtype":"F16","shape":[],"data_offsets":[2,4]},)"
                        R"("x":{"shape":[0,7],"data_offsets":[4,4],"dtype":"F64"},)"
                        R"("\u00e9\"\n":{"data_offsets":[0,2],"dtype":"F8_E4M3","shape":[2]},)"
                        R"("w":{"dtype":"BOOL","shape":[0],"data_offsets":[0,0]}})",
                        4);
  const auto header = parse(file);
  REQUIRE(header.ok());
  REQUIRE(header->tensors.size() == 4);
  CHECK(header->tensors[0].name == "w");  // by place, the empty one first
  CHECK(header->tensors[1].name == "\xC3\xA9\"\n");
  CHECK(header->find("")->rank() == 0);
  CHECK(header->find("")->begin == 2);
  CHECK(header->find("x")->byte_size() == 0);
}

TEST_CASE("the numbers are those another JSON parser reads") {
  const std::string json =
      R"({"__metadata__":{"format":"pt","b":"1"},"q.1":{"dtype":"F4","shape":[2,6],"data_offsets":[0,6]},)"
      R"("q.0":{"dtype":"BF16","shape":[3,1,2],"data_offsets":[6,18]},"z":{"dtype":"U64","shape":[1],)"
      R"("data_offsets":[18,26]}})";
  const auto header = parse(safetensors_bytes(json, 26));
  REQUIRE(header.ok());
  const nlohmann::json tree = nlohmann::json::parse(json);
  std::size_t tensors = 0;
  for (const auto& [name, value] : tree.items()) {
    if (name == "__metadata__") {
      CHECK(header->metadata.size() == value.size());
      for (const auto& [key, text] : value.items())
        CHECK(*header->find_metadata(key) == text.get<std::string>());
      continue;
    }
    ++tensors;
    const tensor_info* tensor = header->find(name);
    REQUIRE(tensor != nullptr);
    CHECK(to_string(tensor->dtype) == value.at("dtype").get<std::string>());
    CHECK(tensor->shape == value.at("shape").get<std::vector<std::int64_t>>());
    CHECK(tensor->begin == value.at("data_offsets").at(0).get<std::int64_t>());
    CHECK(tensor->end == value.at("data_offsets").at(1).get<std::int64_t>());
  }
  CHECK(tensors == header->tensors.size());
  CHECK(header->find_metadata("a") == nullptr);
}

TEST_CASE("trailing bytes only where asked for") {
  const std::string file = safetensors_bytes("{}", 4);
  CHECK(!parse(file).ok());
  safetensors_options lenient;
  lenient.allow_trailing_bytes = true;
  REQUIRE(parse(file, lenient).ok());
  CHECK(parse(file, lenient)->data_end == 10);
  const std::string cut = one_tensor("t", R"("dtype":"U8","shape":[4],"data_offsets":[0,4])", 3);
  CHECK(!parse(cut, lenient).ok());
}

TEST_CASE("the header alone is enough") {
  const std::string file = one_tensor("t", R"("dtype":"U8","shape":[4],"data_offsets":[0,4])", 4);
  const std::string head = file.substr(0, file.size() - 4);
  CHECK(parse_header(bytes_of(head), std::ssize(file), "remote").ok());
  CHECK(parse_header(bytes_of(head.substr(0, 20)), std::ssize(file), "remote").why().code ==
        qtl::error_code::invalid_argument);
  CHECK(parse_header(bytes_of(head.substr(0, 7)), std::ssize(file), "remote").why().code ==
        qtl::error_code::invalid_argument);
}

TEST_CASE("a rank and a name at their limits") {
  CHECK(parse(one_tensor(
                  std::string(1024, 'n'),
                  R"("dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1])",
                  1))
            .ok());
  safetensors_options none;
  none.max_header_bytes = -1;
  CHECK(!parse(safetensors_bytes("{}"), none).ok());
}

TEST_CASE("many tensors: found by name, in the order of their bytes") {
  std::string json = "{";
  for (int i = 999; i >= 0; --i) {
    const std::string n = std::to_string(i);
    json += (i == 999 ? "\"t" : ",\"t") + n +
            "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" + n + "," +
            std::to_string(i + 1) + "]}";
  }
  const auto header = parse(safetensors_bytes(json + "}", 1000));
  REQUIRE(header.ok());
  for (int i = 0; i < 1000; ++i) {
    CHECK(header->tensors[static_cast<std::size_t>(i)].begin == i);
    CHECK(header->find("t" + std::to_string(i))->begin == i);
  }
}
