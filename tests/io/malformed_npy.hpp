// SPDX-License-Identifier: Apache-2.0
// tests/io/malformed_npy.hpp - .npy files that break one rule each, and what the reader says to it.
// Used by malformed_test.cpp and, as seeds, by tests/fuzz/. To add one: a row whose sentence no
// other row gets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "malformed_safetensors.hpp"

/// Magic, version, length and header, then `data_bytes` zero bytes.
inline std::string npy_bytes(std::string_view header, std::size_t data_bytes, int major = 1) {
  std::string all = "\x93NUMPY";
  all += static_cast<char>(major);
  all += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    all += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return all.append(header).append(data_bytes, '\0');
}

inline std::string npy_dict(std::string_view descr, std::string_view shape,
                            std::size_t data_bytes) {
  return npy_bytes("{'descr': " + std::string(descr) +
                       ", 'fortran_order': False, 'shape': " + std::string(shape) + ", }\n",
                   data_bytes);
}

inline std::vector<malformed_file> malformed_npy_preambles() {
  const std::string good = npy_dict("'|u1'", "(4,)", 4);
  std::string version_4 = good, version_1_1 = good;
  version_4[6] = 4;
  version_1_1[7] = 1;
  return {
      {"npy empty", "", "does not start with the magic of .npy files"},
      {"npy cut in the version", good.substr(0, 7), "ends before the version"},
      {"npy version 4", version_4, "version 4.0 is none of 1.0, 2.0 and 3.0"},
      {"npy version 1.1", version_1_1, "version 1.1 is none of 1.0, 2.0 and 3.0"},
      {"npy cut in the length", good.substr(0, 9), "ends before the header length"},
      {"npy length of 4 GiB", std::string("\x93NUMPY\2\0\xFF\xFF\xFF\xFF", 12),
       "the header length is 4294967295, expected 65535 at most"},
      {"npy header cut", good.substr(0, 40),
       "the header goes past the end: file length is 40, expected 68 at least"},
      {"npy header of no bytes", npy_bytes("", 0),
       "the header does not end in a newline at byte 0"},
      {"npy no newline", npy_bytes("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", 1, 2),
       "the header does not end in a newline at byte 53"},
      {"npy version 3 not UTF-8", npy_bytes("{'\xFF': 1}\n", 0, 3),
       "the header is not valid UTF-8"},
      {"npy no dict", npy_bytes("('descr',)\n", 0), "the header must be a dict"},
      {"npy number as a key", npy_bytes("{1: 2}\n", 0), "a key must be a string at byte 1 of"},
      {"npy key cut off", npy_bytes("{'descr\n", 0), "a string is not closed at byte 1 of"},
      {"npy backslash", npy_bytes("{'desc\\162': '|u1'}\n", 0), "a string holds a backslash"},
      {"npy unknown key", npy_bytes("{'dtype': '|u1'}\n", 0),
       "a key is none of descr, fortran_order and shape"},
      {"npy no colon", npy_bytes("{'descr' '|u1'}\n", 0), "a colon must follow the key"},
      {"npy no comma", npy_bytes("{'descr': '|u1' 'shape': ()}\n", 0),
       "a comma or the dict's end must follow"},
      {"npy dict not closed", npy_bytes("{'descr': '|u1',\n", 0),
       "a key must be a string at byte 17"},
      {"npy text after the dict",
       npy_bytes("{'descr': '|u1', 'fortran_order': False, 'shape': ()}; x\n", 1),
       "text follows the dict"},
      {"npy descr twice", npy_bytes("{'descr': '|u1', 'descr': '|u1'}\n", 0),
       "the key descr stands twice"},
      {"npy order twice", npy_bytes("{'fortran_order': True, 'fortran_order': True}\n", 0),
       "the key fortran_order stands twice"},
      {"npy shape twice", npy_bytes("{'shape': (), 'shape': ()}\n", 0),
       "the key shape stands twice"},
      {"npy no descr", npy_bytes("{'fortran_order': False, 'shape': ()}\n", 1),
       "the key descr is missing"},
      {"npy no order", npy_bytes("{'descr': '|u1', 'shape': ()}\n", 1),
       "the key fortran_order is missing"},
      {"npy no shape", npy_bytes("{'descr': '|u1', 'fortran_order': False}\n", 1),
       "the key shape is missing"},
      {"npy order as a number", npy_bytes("{'fortran_order': 1}\n", 0),
       "fortran_order must be True or False"},
  };
}

inline std::vector<malformed_file> malformed_npy_fields() {
  return {
      {"npy structured", npy_dict("[('a', '<f4')]", "(1,)", 4), "descr is a structured type"},
      {"npy descr number", npy_dict("4", "(1,)", 4), "descr must be a string"},
      {"npy descr empty", npy_dict("''", "(1,)", 4),
       "descr is shorter than byte order, kind and size"},
      {"npy object array", npy_dict("'|O'", "(1,)", 8), "descr asks for an object array"},
      {"npy big-endian", npy_dict("'>f4'", "(1,)", 4), "descr asks for big-endian data"},
      {"npy no byte order", npy_dict("'float32'", "(1,)", 4), "descr starts with no byte order"},
      {"npy no size", npy_dict("'<ff'", "(1,)", 4), "descr ends in no size of 1 to 99999 bytes"},
      {"npy text kind", npy_dict("'<U4'", "(1,)", 16), "descr names a kind other than"},
      {"npy float of 3 bytes", npy_dict("'<f3'", "(1,)", 3),
       "descr names a size that its kind does not have"},
      {"npy float of no order", npy_dict("'|f4'", "(1,)", 4), "descr leaves out the byte order"},
      {"npy shape as a list", npy_dict("'<f4'", "[1]", 4), "shape must be a tuple"},
      {"npy shape as a number", npy_dict("'<f4'", "(1)", 4), "a shape of one extent needs a comma"},
      {"npy extent negative", npy_dict("'<f4'", "(-1,)", 4), "an extent is negative"},
      {"npy extent as text", npy_dict("'<f4'", "('1',)", 4), "an extent must be an integer"},
      {"npy extent octal", npy_dict("'<f4'", "(01,)", 4), "an extent starts with a zero"},
      {"npy extent of Python 2", npy_dict("'<f4'", "(1L, 1)", 4),
       "a comma or the tuple's end must follow an extent"},
      {"npy extent of 64 bits", npy_dict("'<f4'", "(9223372036854775808,)", 4),
       "an extent does not fit 63 bits"},
      {"npy rank 65",
       npy_dict(
           "'<f4'",
           "(" +
               [] {
                 std::string ones;
                 for (int i = 0; i < 65; ++i) ones += "1,";
                 return ones;
               }() +
               ")",
           4),
       "the rank is above the limit of 64"},
      {"npy size overflows", npy_dict("'<f8'", "(4294967296, 4294967296)", 0),
       "the size in bytes does not fit 64 bits"},
      {"npy data cut", npy_dict("'<f4'", "(2, 3)", 23),
       "the number of data bytes is 23, expected 24"},
      {"npy bytes after the data", npy_dict("'<f4'", "(2, 3)", 25),
       "the number of data bytes is 25, expected 24"},
      {"npy bytes in an empty array", npy_dict("'<f4'", "(0, 3)", 4),
       "the number of data bytes is 4, expected 0"},
      {"npy extent huge", npy_dict("'|u1'", "(9223372036854775807,)", 4),
       "expected 9223372036854775807"},
  };
}

/// All of them.
inline std::vector<malformed_file> malformed_npy() {
  std::vector<malformed_file> all = malformed_npy_preambles();
  const std::vector<malformed_file> fields = malformed_npy_fields();
  all.insert(all.end(), fields.begin(), fields.end());
  return all;
}
