// SPDX-License-Identifier: Apache-2.0
// tests/io/malformed_safetensors.hpp - safetensors files that break one rule each, and what the
// reader says to it. Used by malformed_test.cpp and, as seeds, by tests/fuzz/. To add one: a row
// whose sentence no other row gets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// A file that must be refused. `phrase` is part of the message and of no other case's.
struct malformed_file {
  std::string name;
  std::string content;
  std::string phrase;
};

/// Eight bytes of length, the header, and `data_bytes` zero bytes.
inline std::string safetensors_bytes(std::string_view json, std::size_t data_bytes = 0) {
  std::string all;
  for (int i = 0; i < 8; ++i)
    all += static_cast<char>(static_cast<std::uint64_t>(json.size()) >> (8 * i) & 0xFF);
  return all.append(json).append(data_bytes, '\0');
}

/// A file of one tensor with these fields.
inline std::string one_tensor(std::string_view name, std::string_view fields,
                              std::size_t data_bytes = 0) {
  return safetensors_bytes("{\"" + std::string(name) + "\":{" + std::string(fields) + "}}",
                           data_bytes);
}

inline std::vector<malformed_file> malformed_preambles() {
  const std::string ff(8, '\xFF');
  const std::string limit_plus_1("\x01\xE1\xF5\x05\0\0\0\0", 8);
  const std::string sign_bit("\0\0\0\0\0\0\0\x80", 8);
  return {
      {"empty file", "", "file length is 0, expected 8"},
      {"seven bytes", "\x02{}abcd", "file length is 7, expected 8"},
      {"length all ones", ff + "{}",
       "the header length is 9223372036854775807, expected 100000000 at most"},
      {"length one above the limit", limit_plus_1 + "{}",
       "the header length is 100000001, expected 100000000"},
      {"header past the end", safetensors_bytes("{}").substr(0, 9),
       "file length is 9, expected 10 at least"},
      {"header of no bytes", safetensors_bytes(""), "the JSON text ends too early at byte 0"},
      {"header of spaces", safetensors_bytes("        "), "the JSON text ends too early at byte 8"},
      {"not UTF-8", safetensors_bytes("{\"\xC3(\":{}}"), "the text is not valid UTF-8"},
      {"NUL after the object", safetensors_bytes(std::string_view("{}\0\0", 4)),
       "the text holds a NUL byte"},
      {"byte order mark", safetensors_bytes("\xEF\xBB\xBF{}"), "starts with a byte order mark"},
      {"object cut off", safetensors_bytes("{\"a\":"), "the JSON text ends too early at byte 5"},
      {"string cut off", safetensors_bytes("{\"a"), "the JSON text ends too early at byte 3"},
      {"word after the object", safetensors_bytes("{} x"), "text follows the JSON value at byte 3"},
      {"two objects", safetensors_bytes("{}{}"), "text follows the JSON value at byte 2"},
      {"single quotes", safetensors_bytes("    {'a':{}}"), "not valid JSON at byte 5"},
      {"comment", safetensors_bytes("  /* */{}"), "not valid JSON at byte 2"},
      {"unquoted key", safetensors_bytes("   {a:{}}"), "not valid JSON at byte 4"},
      {"comma before the end", safetensors_bytes("{\"__metadata__\":{},}"),
       "not valid JSON at byte 19"},
      {"raw control character", safetensors_bytes("{\"a\tb\":{}}"), "not valid JSON at byte 3"},
      {"half a surrogate pair", safetensors_bytes("{\"\\ud800\":{}}"), "not valid JSON at byte 8"},
      {"word NaN", safetensors_bytes("{\"abcdef\":NaN}"), "not valid JSON at byte 10"},
      {"number beyond double", one_tensor("a", "\"shape\":[1e999]"),
       "a number is beyond the range of double at byte 19"},
  };
}

inline std::vector<malformed_file> malformed_structures() {
  const std::string deep(100'000, '[');
  const std::string good = "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]";
  return {
      {"array at the top", safetensors_bytes("[]"), "the header must be an object, not an array"},
      {"number at the top", safetensors_bytes("1"), "the header must be an object, not a number"},
      {"string at the top", safetensors_bytes("\"a\""),
       "the header must be an object, not a string"},
      {"null at the top", safetensors_bytes("null"), "the header must be an object, not null"},
      {"true at the top", safetensors_bytes("true"),
       "the header must be an object, not true or false"},
      {"tensor twice", safetensors_bytes("{\"a\":{" + good + "},\"a\":{" + good + "}}", 1),
       "the key 'a' stands twice"},
      {"tensor twice, one escaped",
       safetensors_bytes("{\"b\":{" + good + "},\"\\u0062\":{" + good + "}}", 1),
       "the key 'b' stands twice"},
      {"metadata twice", safetensors_bytes("{\"__metadata__\":{},\"__metadata__\":{}}"),
       "the key '__metadata__' stands twice"},
      {"metadata key twice", safetensors_bytes("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"),
       "the key 'k' stands twice"},
      {"metadata array", safetensors_bytes("{\"__metadata__\":[]}"),
       "the metadata must be an object, not an array"},
      {"metadata null", safetensors_bytes("{\"__metadata__\":null}"),
       "the metadata must be an object, not null"},
      {"metadata value number", safetensors_bytes("{\"__metadata__\":{\"k\":1}}"),
       "a metadata value must be a string, not a number"},
      {"metadata value null", safetensors_bytes("{\"__metadata__\":{\"k\":null}}"),
       "a metadata value must be a string, not null"},
      {"metadata value object", safetensors_bytes("{\"__metadata__\":{\"k\":{}}}"),
       "a metadata value must be a string, not an object"},
      {"deep nesting", safetensors_bytes("{\"__metadata__\":{\"k\":" + deep),
       "a metadata value must be a string, not an array"},
      {"shape in a shape", one_tensor("a", "\"shape\":[[1]]"),
       "nesting depth is 4, expected 3 at most"},
      {"tensor is a string", safetensors_bytes("{\"t\":\"F32\"}"),
       "tensor 't': a tensor must be described by an object, not a string"},
      {"tensor is an array", safetensors_bytes("{\"t\":[\"F32\",[],[0,4]]}", 4),
       "tensor 't': a tensor must be described by an object, not an array"},
      {"tensor is null", safetensors_bytes("{\"t\":null}"),
       "tensor 't': a tensor must be described by an object, not null"},
      {"no field", one_tensor("none", ""), "tensor 'none': the field dtype is missing"},
      {"no dtype", one_tensor("t", "\"shape\":[1],\"data_offsets\":[0,1]", 1),
       "tensor 't': the field dtype is missing"},
      {"no shape", one_tensor("t", "\"dtype\":\"U8\",\"data_offsets\":[0,1]", 1),
       "tensor 't': the field shape is missing"},
      {"no data_offsets", one_tensor("t", "\"dtype\":\"U8\",\"shape\":[1]", 1),
       "the field data_offsets is missing"},
      {"dtype twice", one_tensor("t", good + ",\"dtype\":\"I8\"", 1),
       "the field dtype stands twice"},
      {"shape twice", one_tensor("t", good + ",\"shape\":[1]", 1), "the field shape stands twice"},
      {"data_offsets twice", one_tensor("t", good + ",\"data_offsets\":[0,1]", 1),
       "the field data_offsets stands twice"},
      {"field of another format", one_tensor("t", good + ",\"strides\":[1]", 1),
       "unknown field 'strides'"},
      {"field in capitals", one_tensor("t", "\"DType\":\"U8\"", 1), "unknown field 'DType'"},
      {"name too long", one_tensor(std::string(1025, 'n'), good, 1),
       "the name's length is above the limit of 1024"},
  };
}

inline std::vector<malformed_file> malformed_fields() {
  const auto dtype = [](const std::string& text) {
    return one_tensor("t", "\"dtype\":" + text + ",\"shape\":[1],\"data_offsets\":[0,4]", 4);
  };
  const auto shape = [](const std::string& text) {
    return one_tensor("t", "\"dtype\":\"U8\",\"shape\":" + text + ",\"data_offsets\":[0,4]", 4);
  };
  const auto offsets = [](const std::string& text) {
    return one_tensor("t", "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + text, 4);
  };
  return {
      {"dtype unknown", dtype("\"F128\""), "unknown dtype 'F128'"},
      {"dtype in small letters", dtype("\"f32\""), "unknown dtype 'f32'"},
      {"dtype empty", dtype("\"\""), "unknown dtype ''"},
      {"dtype with an escape sequence of a terminal", dtype("\"\\u001b[2J\""),
       "unknown dtype '?[2J'"},
      {"dtype number", dtype("32"), "dtype must be a string, not a number"},
      {"dtype null", dtype("null"), "dtype must be a string, not null"},
      {"dtype array", dtype("[\"F32\"]"), "dtype must be a string, not an array"},
      {"shape number", shape("4"), "shape must be an array, not a number"},
      {"shape object", shape("{}"), "shape must be an array, not an object"},
      {"shape null", shape("null"), "shape must be an array, not null"},
      {"extent negative", shape("[-4,-1]"), "an extent of shape is negative"},
      {"extent fraction", shape("[4.0]"), "an extent of shape is no integer of 64 bits"},
      {"extent of 64 bits", shape("[9223372036854775808]"),
       "an extent of shape does not fit 63 bits"},
      {"extent string", shape("[\"4\"]"), "an extent of shape must be a number, not a string"},
      {"extent true", shape("[true]"), "an extent of shape must be a number, not true or false"},
      {"extent null", shape("[null]"), "an extent of shape must be a number, not null"},
      {"rank 17", shape("[4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), "rank is above the limit of 16"},
      {"offsets number", offsets("4"), "data_offsets must be an array, not a number"},
      {"offsets object", offsets("{\"begin\":0,\"end\":4}"),
       "data_offsets must be an array, not an object"},
      {"no offset", offsets("[]"), "data_offsets has fewer than two numbers"},
      {"three offsets", offsets("[0,2,4]"), "data_offsets has more than two numbers"},
      {"offset negative", offsets("[0,-4]"), "an offset of data_offsets is negative"},
      {"offset fraction", offsets("[0,4.5]"), "an offset of data_offsets is no integer of 64 bits"},
      {"offset of 64 bits", offsets("[0,18446744073709551615]"),
       "an offset of data_offsets does not fit 63 bits"},
      {"offset string", offsets("[0,\"4\"]"),
       "an offset of data_offsets must be a number, not a string"},
  };
}

inline std::vector<malformed_file> malformed_layouts() {
  const auto tensor = [](const std::string& name, const std::string& dtype,
                         const std::string& shape, const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape +
           "],\"data_offsets\":[" + offsets + "]}";
  };
  const auto file = [](const std::string& tensors, std::size_t data_bytes) {
    return safetensors_bytes("{" + tensors + "}", data_bytes);
  };
  return {
      {"offsets reversed",
       file(tensor("t", "U8", "4", "0,4") + "," + tensor("u", "U8", "4", "4,3"), 4),
       "tensor 'u': data_offsets end before they begin"},
      {"hole at the start", file(tensor("t", "U8", "4", "4,8"), 8),
       "the first tensor's begin offset is 4, expected 0"},
      {"hole between", file(tensor("t", "U8", "4", "0,4") + "," + tensor("u", "U8", "4", "5,9"), 9),
       "tensor 'u': a hole stands before it: its begin offset is 5, expected 4"},
      {"overlap", file(tensor("t", "U8", "4", "0,4") + "," + tensor("u", "U8", "4", "3,7"), 7),
       "tensor 'u': it overlaps the tensor before: its begin offset is 3, expected 4"},
      {"same bytes twice",
       file(tensor("t", "U8", "4", "0,4") + "," + tensor("v", "U8", "4", "0,4"), 4),
       "tensor 'v': it overlaps the tensor before: its begin offset is 0, expected 4"},
      {"size above the shape's", file(tensor("t", "F32", "2,2", "0,17"), 17),
       "its size by data_offsets is 17, expected 16 bytes by dtype and shape"},
      {"size below the shape's", file(tensor("t", "I64", "2,2", "0,16"), 16),
       "its size by data_offsets is 16, expected 32 bytes by dtype and shape"},
      {"scalar without bytes", file(tensor("t", "F64", "", "0,0"), 0),
       "its size by data_offsets is 0, expected 8"},
      {"empty tensor with bytes", file(tensor("t", "U8", "3,0", "0,3"), 3),
       "its size by data_offsets is 3, expected 0"},
      {"odd number of 4-bit elements", file(tensor("t", "F4", "3", "0,1"), 1),
       "remainder of the size in bits over 8 is 4, expected 0"},
      {"five 6-bit elements", file(tensor("t", "F6_E2M3", "5", "0,3"), 3),
       "remainder of the size in bits over 8 is 6, expected 0"},
      {"product of extents overflows", file(tensor("t", "U8", "4294967296,4294967296", "0,0"), 0),
       "the product of the extents does not fit 64 bits"},
      {"size in bits overflows", file(tensor("t", "F64", "4611686018427387904", "0,0"), 0),
       "the size in bits does not fit 64 bits"},
      {"data past the end", file(tensor("t", "F32", "4", "0,16"), 15),
       "data go past the end: length of the data section is 15, expected 16 at least"},
      {"data far past the end",
       file(tensor("t", "U8", "1152921504606846975", "0,1152921504606846975"), 0),
       "length of the data section is 0, expected 1152921504606846975 at least"},
      {"bytes after the last tensor", file(tensor("t", "U8", "4", "0,4"), 8),
       "bytes follow the last tensor: file length is 69, expected 65"},
      {"bytes after no tensor", safetensors_bytes("{}", 1),
       "bytes follow the last tensor: file length is 11, expected 10"},
  };
}

/// All of them.
inline std::vector<malformed_file> malformed_safetensors() {
  std::vector<malformed_file> all = malformed_preambles();
  for (const auto& part : {malformed_structures(), malformed_fields(), malformed_layouts()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}
