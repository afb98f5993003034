// SPDX-License-Identifier: Apache-2.0
// qtl/io/npy_header.hpp - the header of a NumPy .npy file, versions 1 to 3.
// Holds: npy_header, parse_npy_header, write_npy_header. Works on bytes in memory. Not here:
// opening files (npy.hpp). A header is the text of a Python dict; npy_dict_parser takes exactly the
// part of Python's grammar that describes an array, so nothing is ever evaluated. Refused: objects
// (pickles), structured types, big-endian data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/error.hpp"
#include "qtl/base/math.hpp"
#include "qtl/io/file_error.hpp"
#include "qtl/io/little_endian.hpp"
#include "qtl/io/npy_dict_parser.hpp"
#include "qtl/io/utf8.hpp"

namespace qtl::inline v0::io {

/// What a header says. Filled by parse_npy_header, and then the data lie inside the file and fill
/// it.
struct npy_header {
  std::string descr;                ///< byte order, kind and bytes per element, as "<f4" or "|i1"
  bool fortran_order = false;       ///< true where the first extent is the fastest
  std::vector<std::int64_t> shape;  ///< extents; empty for a scalar
  std::int64_t data_begin = 0;      ///< where the data start in the file
  std::int64_t data_bytes = 0;
};

/// Longest header accepted; that of a plain array takes about 100 bytes.
inline constexpr std::int64_t npy_max_header_bytes = 65'535;

namespace detail {

// Bytes per element of a descr that is read here, or 0 with the rule broken.
struct npy_item {
  std::int64_t bytes = 0;
  const char* rule = nullptr;
};

// descr = byte order, kind, size: '<' or '|' and one of b i u f c V. Other texts get the sentence
// that fits.
constexpr npy_item npy_item_of(std::string_view descr) {
  if (descr.starts_with("|O"))
    return {0, "descr asks for an object array, which holds a pickle and is not supported"};
  if (descr.size() < 3) return {0, "descr is shorter than byte order, kind and size"};
  if (descr[0] == '>') return {0, "descr asks for big-endian data, which is not supported"};
  if (descr[0] != '<' && descr[0] != '|')
    return {0, "descr starts with no byte order of '<' and '|'"};
  std::int64_t size = 0;
  for (const char c : descr.substr(2)) {
    if (c < '0' || c > '9' || size > 99'999)
      return {0, "descr ends in no size of 1 to 99999 bytes"};
    size = size * 10 + (c - '0');
  }
  if (size == 0 || descr[2] == '0') return {0, "descr ends in no size of 1 to 99999 bytes"};
  const bool power_of_two = (size & (size - 1)) == 0;
  bool fits = false;
  switch (descr[1]) {
    case 'b':
      fits = size == 1;
      break;
    case 'i':
    case 'u':
      fits = power_of_two && size <= 8;
      break;
    case 'f':
      fits = power_of_two && size >= 2 && size <= 16;
      break;
    case 'c':
      fits = power_of_two && size >= 8 && size <= 32;
      break;
    case 'V':
      return {size, nullptr};
    default:
      return {0, "descr names a kind other than b, i, u, f, c and V"};
  }
  if (!fits) return {0, "descr names a size that its kind does not have"};
  if (descr[0] == '|' && size != 1)
    return {0, "descr leaves out the byte order of elements wider than a byte"};
  return {size, nullptr};
}

// Magic, version and length; leaves the header's text in `text` and where it ends in `data_begin`.
inline status npy_preamble(std::span<const std::byte> bytes, std::int64_t file_size,
                           std::string_view file_name, std::string_view& text,
                           std::int64_t& data_begin, bool& is_utf8_text) {
  constexpr auto bad = error_code::malformed_file;
  constexpr std::string_view magic = "\x93NUMPY";
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!all.starts_with(magic))
    return file_failure(bad, file_name, "", "does not start with the magic of .npy files");
  if (bytes.size() < 8) return file_failure(bad, file_name, "", "ends before the version");
  const auto major = std::to_integer<int>(bytes[6]);
  const auto minor = std::to_integer<int>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) {
    status s = file_failure(error_code::unsupported, file_name, "", "version ");
    s.message.append(major).append(".").append(minor).append(" is none of 1.0, 2.0 and 3.0");
    return s;
  }
  const std::size_t width = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + width)
    return file_failure(bad, file_name, "", "ends before the header length");
  const std::int64_t length = major == 1 ? load_little_endian<std::uint16_t>(bytes.data() + 8)
                                         : load_little_endian<std::uint32_t>(bytes.data() + 8);
  if (length > npy_max_header_bytes) {
    status s = file_mismatch(bad, file_name, "", "the header length", npy_max_header_bytes, length);
    s.message.append(" at most");
    return s;
  }
  data_begin = static_cast<std::int64_t>(8 + width) + length;
  if (data_begin > file_size) {
    status s = file_mismatch(bad, file_name, "", "the header goes past the end: file length",
                             data_begin, file_size);
    s.message.append(" at least");
    return s;
  }
  if (static_cast<std::size_t>(data_begin) > bytes.size())
    return file_failure(error_code::invalid_argument, file_name, "",
                        "the bytes given end inside the header");
  text = all.substr(8 + width, static_cast<std::size_t>(length));
  is_utf8_text = major == 3;
  return {};
}

}  // namespace detail

/// Bytes that an array of this descr and shape takes, or the rule that is broken. The status names
/// no file.
inline result<std::int64_t> npy_data_bytes(std::string_view descr,
                                           std::span<const std::int64_t> shape) {
  const detail::npy_item item = detail::npy_item_of(descr);
  if (item.rule != nullptr) return failure(error_code::unsupported, "descr", item.rule);
  std::int64_t size = item.bytes;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return failure(error_code::invalid_argument, "shape", "an extent is negative");
    empty = empty || extent == 0;
  }
  // Extents beside a zero may be huge; without it they are multiplied in order.
  for (const std::int64_t extent : shape)
    if (!empty && !checked_multiply(size, extent, size))
      return failure(error_code::overflow, "shape", "the size in bytes does not fit 64 bits");
  return empty ? 0 : size;
}

/// Reads the header at the start of `bytes`, which may be the whole file or no more than its
/// header; `file_size` is the length of the whole, `file_name` is for messages. malformed_file,
/// overflow, or unsupported for an array that NumPy could read and this library does not; each
/// names the file and the rule.
inline result<npy_header> parse_npy_header(std::span<const std::byte> bytes, std::int64_t file_size,
                                           std::string_view file_name) {
  std::string_view text;
  npy_header header;
  bool is_utf8_text = false;
  status s =
      detail::npy_preamble(bytes, file_size, file_name, text, header.data_begin, is_utf8_text);
  if (!s.ok()) return s;
  if (is_utf8_text && !is_utf8(text))
    return file_failure(error_code::malformed_file, file_name, "", "the header is not valid UTF-8");
  npy_dict_parser parser(text);
  if (!parser.parse(header.descr, header.fortran_order, header.shape)) {
    s = file_failure(parser.code(), file_name, "", parser.rule());
    s.message.append(" at byte ").append(parser.position()).append(" of the header");
    s.actual = parser.position();
    return s;
  }
  const result<std::int64_t> size = npy_data_bytes(header.descr, header.shape);
  if (!size.ok()) return file_failure(size.why().code, file_name, "", size.why().message.view());
  header.data_bytes = *size;
  if (file_size - header.data_begin != *size)
    return file_mismatch(error_code::malformed_file, file_name, "", "the number of data bytes",
                         *size, file_size - header.data_begin);
  return header;
}

/// The bytes before the data of a version 1.0 file: data start on a multiple of 64, as NumPy writes
/// them. Fails as npy_data_bytes; invalid_argument for a header that does not fit (a rank of
/// thousands).
inline result<std::string> write_npy_header(std::string_view descr,
                                            std::span<const std::int64_t> shape,
                                            bool fortran_order = false) {
  if (const result<std::int64_t> size = npy_data_bytes(descr, shape); !size.ok()) return size.why();
  std::string text = "{'descr': '" + std::string(descr) + "', 'fortran_order': ";
  text += fortran_order ? "True, 'shape': (" : "False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : " ") + std::to_string(shape[i]) + ",";
  if (shape.size() > 1) text.pop_back();  // Python needs the last comma in a tuple of one only
  text += "), }";
  constexpr std::size_t preamble = 10;
  text.append((64 - (preamble + text.size() + 1) % 64) % 64, ' ');
  text += '\n';
  if (text.size() > static_cast<std::size_t>(npy_max_header_bytes))
    return failure(error_code::invalid_argument, "shape", "the header would not fit a .npy file");
  std::string all("\x93NUMPY\x01\x00", 8);
  all += static_cast<char>(text.size() & 0xFFu);
  all += static_cast<char>(text.size() >> 8);
  return all + text;
}

}  // namespace qtl::inline v0::io
