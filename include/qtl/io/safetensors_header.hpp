// SPDX-License-Identifier: Apache-2.0
// qtl/io/safetensors_header.hpp - the header of a safetensors file, read as if an enemy had written
// it.
// Holds: safetensors_header, parse_header. Works on bytes in memory, so that it can be fuzzed and
// fed from a network. Not here: opening files (safetensors_file.hpp), events to tensors
// (safetensors_visitor.hpp). Every rule of the reference reader, and: no duplicate keys, no unknown
// fields, bounded depth, names, rank and count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/error.hpp"
#include "qtl/io/file_error.hpp"
#include "qtl/io/json.hpp"
#include "qtl/io/little_endian.hpp"
#include "qtl/io/mapped_file.hpp"
#include "qtl/io/safetensors_visitor.hpp"
#include "qtl/io/tensor_info.hpp"

namespace qtl::inline v0::io {

/// What a header says. Filled by parse_header, and then every tensor lies inside the file.
struct safetensors_header {
  std::vector<tensor_info> tensors;    ///< in the order of their bytes
  std::vector<std::uint32_t> by_name;  ///< indices into tensors, sorted by name
  std::vector<std::pair<std::string, std::string>> metadata;  ///< sorted by key
  std::int64_t data_begin = 0;  ///< where the data section starts in the file
  std::int64_t data_end = 0;    ///< where the last tensor ends in the file

  /// The tensor of that name, or nullptr.
  const tensor_info* find(std::string_view name) const {
    const auto at = std::lower_bound(
        by_name.begin(), by_name.end(), name,
        [this](std::uint32_t i, std::string_view n) { return tensors[i].name < n; });
    return at != by_name.end() && tensors[*at].name == name ? &tensors[*at] : nullptr;
  }

  /// The metadata value of that key, or nullptr.
  const std::string* find_metadata(std::string_view key) const {
    const auto at =
        std::lower_bound(metadata.begin(), metadata.end(), key,
                         [](const auto& entry, std::string_view k) { return entry.first < k; });
    return at != metadata.end() && at->first == key ? &at->second : nullptr;
  }
};

namespace detail {

// The u64 at the start of the file, checked against the caps and the file's length.
inline result<std::int64_t> header_length(std::span<const std::byte> bytes, std::int64_t file_size,
                                          std::string_view file_name,
                                          const safetensors_options& options) {
  constexpr auto bad = error_code::malformed_file;
  if (file_size < 8)
    return file_mismatch(bad, file_name, "", "too short for a header: file length", 8, file_size);
  if (bytes.size() < 8)
    return file_failure(error_code::invalid_argument, file_name, "", "fewer than 8 bytes given");
  const auto length = load_little_endian<std::uint64_t>(bytes.data());
  constexpr auto most = static_cast<std::uint64_t>(INT64_MAX);
  const auto shown = static_cast<std::int64_t>(std::min(length, most));
  if (length > most || shown > options.max_header_bytes) {
    status s =
        file_mismatch(bad, file_name, "", "the header length", options.max_header_bytes, shown);
    s.message.append(" at most");
    return s;
  }
  const std::int64_t n = shown;
  if (n > file_size - 8) {
    status s = file_mismatch(bad, file_name, "", "the header goes past the end: file length", 8 + n,
                             file_size);
    s.message.append(" at least");
    return s;
  }
  if (n > std::ssize(bytes) - 8)
    return file_failure(error_code::invalid_argument, file_name, "",
                        "the bytes given end inside the header");
  return n;
}

// A tensor's own numbers: begin <= end, a size that can be computed, and the two agreeing.
inline status check_tensor(const tensor_info& tensor, std::string_view file_name) {
  constexpr auto bad = error_code::malformed_file;
  if (tensor.begin > tensor.end)
    return file_failure(bad, file_name, tensor.name, "data_offsets end before they begin");
  const result<std::int64_t> size = tensor_bytes(tensor.dtype, tensor.shape);
  if (!size.ok()) {
    status s = file_failure(size.why().code == error_code::overflow ? error_code::overflow : bad,
                            file_name, tensor.name, size.why().message.view());
    s.expected = size.why().expected;
    s.actual = size.why().actual;
    return s;
  }
  if (tensor.byte_size() == *size) return {};
  status s = file_mismatch(bad, file_name, tensor.name, "its size by data_offsets", *size,
                           tensor.byte_size());
  s.message.append(" bytes by dtype and shape");
  return s;
}

// Sorts the tensors by place, and checks that they fill the data section without a hole.
inline status place_tensors(safetensors_header& header, std::int64_t file_size,
                            std::string_view file_name, const safetensors_options& options) {
  constexpr auto bad = error_code::malformed_file;
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const tensor_info& a, const tensor_info& b) {
              if (a.begin != b.begin) return a.begin < b.begin;
              return a.end != b.end ? a.end < b.end : a.name < b.name;
            });
  std::int64_t reached = 0;
  for (const tensor_info& tensor : header.tensors) {
    if (tensor.begin != reached) {
      const char* rule = reached == 0 ? "the first tensor's begin offset"
                         : tensor.begin < reached
                             ? "it overlaps the tensor before: its begin offset"
                             : "a hole stands before it: its begin offset";
      return file_mismatch(bad, file_name, tensor.name, rule, reached, tensor.begin);
    }
    if (status s = check_tensor(tensor, file_name); !s.ok()) return s;
    reached = tensor.end;
  }
  if (reached > file_size - header.data_begin) {
    const std::string_view last = header.tensors.back().name;
    status s =
        file_mismatch(bad, file_name, last, "data go past the end: length of the data section",
                      reached, file_size - header.data_begin);
    s.message.append(" at least");
    return s;
  }
  header.data_end = header.data_begin + reached;
  if (header.data_end != file_size && !options.allow_trailing_bytes)
    return file_mismatch(bad, file_name, "", "bytes follow the last tensor: file length",
                         header.data_end, file_size);
  return {};
}

}  // namespace detail

/// Reads the header at the start of `bytes`, which may be the whole file or no more than its
/// header; `file_size` is the length of the whole. `file_name` is for messages only. malformed_file
/// or overflow, naming file, tensor and rule. Memory: a small multiple of the header's length,
/// whatever numbers it holds.
inline result<safetensors_header> parse_header(std::span<const std::byte> bytes,
                                               std::int64_t file_size, std::string_view file_name,
                                               const safetensors_options& options = {}) {
  const result<std::int64_t> length = detail::header_length(bytes, file_size, file_name, options);
  if (!length.ok()) return length.why();
  const auto* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  safetensors_header header;
  header.data_begin = 8 + *length;
  safetensors_visitor visitor(options, file_name, header.tensors, header.metadata);
  json_limits limits;
  limits.max_bytes = static_cast<std::size_t>(options.max_header_bytes);
  limits.max_depth = 3;  // the header, a tensor, its shape
  const status parsed = parse_json({text, static_cast<std::size_t>(*length)}, visitor, limits);
  if (!parsed.ok() && parsed.operand == std::string_view("file")) return parsed;
  if (!parsed.ok())
    return file_failure(error_code::malformed_file, file_name, "", parsed.message.view());
  if (status s = detail::place_tensors(header, file_size, file_name, options); !s.ok()) return s;
  header.by_name.resize(header.tensors.size());
  for (std::size_t i = 0; i < header.by_name.size(); ++i)
    header.by_name[i] = static_cast<std::uint32_t>(i);
  std::sort(header.by_name.begin(), header.by_name.end(), [&](std::uint32_t a, std::uint32_t b) {
    return header.tensors[a].name < header.tensors[b].name;
  });
  std::sort(header.metadata.begin(), header.metadata.end());
  return header;
}

}  // namespace qtl::inline v0::io
