// SPDX-License-Identifier: Apache-2.0
// qtl/io/safetensors_writer.hpp - a safetensors file being put together.
// Holds: safetensors_writer. Byte for byte what the format's own writer makes of the same tensors:
// metadata (sorted by key here), tensors by falling rank of dtype and then by name, the header
// padded with spaces so that data start on a multiple of 8. Saving replaces the file in one step
// (atomic_file.hpp). Not here: how a QTensor becomes tensors (tensor_codec.hpp and its
// specializations).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/buffer.hpp"
#include "qtl/base/error.hpp"
#include "qtl/base/views.hpp"
#include "qtl/io/atomic_file.hpp"
#include "qtl/io/file_error.hpp"
#include "qtl/io/json_writer.hpp"
#include "qtl/io/little_endian.hpp"
#include "qtl/io/safetensors_visitor.hpp"
#include "qtl/io/tensor_codec.hpp"
#include "qtl/io/tensor_info.hpp"
#include "qtl/io/utf8.hpp"

namespace qtl::inline v0::io {

/// Collects tensors and metadata, then saves them. Move-only. What a default safetensors_options
/// would not read back is refused when it is added.
///
///     qtl::io::safetensors_writer out;
///     out.add("layer.weight", weights);
///     out.save("model.safetensors");
class safetensors_writer {
 public:
  safetensors_writer() = default;
  safetensors_writer(safetensors_writer&&) = default;
  safetensors_writer& operator=(safetensors_writer&&) = default;

  /// Adds a copy of `bytes` as a C-order tensor. invalid_argument for a name that is taken,
  /// reserved, too long or not UTF-8, or for a rank too high; shape_mismatch where dtype and shape
  /// take another number of bytes; overflow; out_of_memory.
  status try_add_bytes(std::string_view name, dtype type, std::vector<std::int64_t> shape,
                       std::span<const std::byte> bytes) {
    if (status s = check(name, type, shape, bytes.size()); !s.ok()) return s;
    result<buffer<std::byte>> copy =
        buffer<std::byte>::make(static_cast<std::int64_t>(bytes.size()));
    if (!copy.ok()) return file_failure(copy.why().code, "", name, copy.why().message.view());
    if (!bytes.empty()) std::memcpy(copy->data(), bytes.data(), bytes.size());
    return keep(name, type, std::move(shape), *std::move(copy));
  }

  /// As try_add_bytes without the copy: `bytes` must stay in place, unchanged, until the last save.
  status try_add_borrowed_bytes(std::string_view name, dtype type, std::vector<std::int64_t> shape,
                                std::span<const std::byte> bytes) {
    if (status s = check(name, type, shape, bytes.size()); !s.ok()) return s;
    return keep(name, type, std::move(shape), {}, bytes);
  }

  /// Adds a copy of a float matrix as an F32 tensor of rank 2. Fails as try_add_bytes.
  status try_add_matrix(std::string_view name, matrix_view<const float> m) {
    result<std::int64_t> size = tensor_bytes(dtype::f32, std::vector<std::int64_t>{m.rows, m.cols});
    if (!size.ok()) return file_failure(size.why().code, "", name, size.why().message.view());
    if (status s = check(name, dtype::f32, {m.rows, m.cols}, static_cast<std::size_t>(*size));
        !s.ok())
      return s;
    result<buffer<std::byte>> copy = buffer<std::byte>::make(*size);
    if (!copy.ok()) return file_failure(copy.why().code, "", name, copy.why().message.view());
    encode_floats(m, copy->data());
    return keep(name, dtype::f32, {m.rows, m.cols}, *std::move(copy));
  }

  /// Adds any value with a tensor_codec: a float matrix, or a QTensor where its codec's header is
  /// included. Fails as that codec says; a codec that stores several tensors may have added some of
  /// them.
  template<class T>
    requires StorableTensor<T>
  status try_add(std::string_view name, const T& value) {
    return tensor_codec<T>::write(*this, name, value);
  }

  /// Sets a metadata value, in place of an earlier one. invalid_argument where key or value is not
  /// UTF-8.
  status try_set_metadata(std::string_view key, std::string_view value) {
    if (!is_utf8(key))
      return failure(error_code::invalid_argument, "key", "the metadata key is not valid UTF-8");
    if (!is_utf8(value))
      return failure(error_code::invalid_argument, "value",
                     "the metadata value is not valid UTF-8");
    metadata_.insert_or_assign(std::string(key), std::string(value));
    return {};
  }

  /// Writes the file, replacing an old one in one step. io_failed with the old file untouched;
  /// invalid_argument for a header above the format's 100,000,000 bytes.
  status try_save(const std::string& path) const {
    const std::vector<const entry*> order = sorted();
    const std::string header = header_of(order);
    if (static_cast<std::int64_t>(header.size()) > safetensors_options{}.max_header_bytes)
      return file_failure(error_code::invalid_argument, path, "",
                          "the header would be above the format's limit");
    result<atomic_file> file = atomic_file::create(path);
    if (!file.ok()) return file.why();
    std::byte length[8];
    store_little_endian(length, static_cast<std::uint64_t>(header.size()));
    if (status s = file->write(std::span<const std::byte>(length)); !s.ok()) return s;
    if (status s = file->write(header); !s.ok()) return s;
    for (const entry* tensor : order)
      if (status s = file->write(tensor->bytes()); !s.ok()) return s;
    return file->commit();
  }

  /// The header's JSON as the file will hold it, padding included.
  std::string header() const { return header_of(sorted()); }

  /// The number of tensors so far.
  std::int64_t size() const { return static_cast<std::int64_t>(entries_.size()); }

  /// try_add_bytes, or throws qtl::error.
  template<class S = status>
  void add_bytes(std::string_view name, dtype type, std::vector<std::int64_t> shape,
                 std::span<const std::byte> bytes) {
    throw_if_failed<S>(try_add_bytes(name, type, std::move(shape), bytes));
  }
  /// try_add_borrowed_bytes, or throws qtl::error.
  template<class S = status>
  void add_borrowed_bytes(std::string_view name, dtype type, std::vector<std::int64_t> shape,
                          std::span<const std::byte> bytes) {
    throw_if_failed<S>(try_add_borrowed_bytes(name, type, std::move(shape), bytes));
  }
  /// try_add, or throws qtl::error.
  template<class T>
    requires StorableTensor<T>
  void add(std::string_view name, const T& value) {
    throw_if_failed(try_add(name, value));
  }
  /// try_set_metadata, or throws qtl::error.
  template<class S = status>
  void set_metadata(std::string_view key, std::string_view value) {
    throw_if_failed<S>(try_set_metadata(key, value));
  }
  /// try_save, or throws qtl::error.
  template<class S = status>
  void save(const std::string& path) const {
    throw_if_failed<S>(try_save(path));
  }

 private:
  struct entry {
    tensor_info info;  // its offsets are not used: they follow from the order
    buffer<std::byte> owned;
    std::span<const std::byte> borrowed;
    std::span<const std::byte> bytes() const { return borrowed.empty() ? owned.span() : borrowed; }
  };

  status check(std::string_view name, dtype type, const std::vector<std::int64_t>& shape,
               std::size_t bytes) const {
    constexpr auto bad = error_code::invalid_argument;
    constexpr safetensors_options limits;
    if (!is_utf8(name)) return file_failure(bad, "", name, "the name is not valid UTF-8");
    if (name == "__metadata__")
      return file_failure(bad, "", name, "the name is reserved for metadata");
    if (static_cast<std::int64_t>(name.size()) > limits.max_name_bytes)
      return file_mismatch(bad, "", name, "the name's length", limits.max_name_bytes,
                           std::ssize(name));
    if (names_.contains(name))
      return file_failure(bad, "", name, "a tensor of that name was added before");
    if (std::ssize(shape) > limits.max_rank)
      return file_mismatch(bad, "", name, "the rank", limits.max_rank, std::ssize(shape));
    const result<std::int64_t> size = tensor_bytes(type, shape);
    if (!size.ok()) return file_failure(size.why().code, "", name, size.why().message.view());
    if (static_cast<std::int64_t>(bytes) == *size) return {};
    status s = file_mismatch(error_code::shape_mismatch, "", name, "the number of bytes", *size,
                             static_cast<std::int64_t>(bytes));
    s.message.append(" by dtype and shape");
    return s;
  }

  status keep(std::string_view name, dtype type, std::vector<std::int64_t> shape,
              buffer<std::byte> owned, std::span<const std::byte> borrowed = {}) {
    tensor_info info;
    info.name = name;
    info.dtype = type;
    info.shape = std::move(shape);
    names_.insert(info.name);
    entries_.push_back({std::move(info), std::move(owned), borrowed});
    return {};
  }

  std::vector<const entry*> sorted() const {
    std::vector<const entry*> order;
    order.reserve(entries_.size());
    for (const entry& e : entries_) order.push_back(&e);
    std::sort(order.begin(), order.end(), [](const entry* a, const entry* b) {
      return a->info.dtype != b->info.dtype ? a->info.dtype > b->info.dtype
                                            : a->info.name < b->info.name;
    });
    return order;
  }

  std::string header_of(const std::vector<const entry*>& order) const {
    json_writer json;
    json.begin_object();
    if (!metadata_.empty()) {
      json.key("__metadata__").begin_object();
      for (const auto& [key, value] : metadata_) json.key(key).string(value);
      json.end_object();
    }
    std::int64_t begin = 0;
    for (const entry* e : order) {
      const std::int64_t end = begin + static_cast<std::int64_t>(e->bytes().size());
      json.key(e->info.name).begin_object();
      json.key("dtype").string(to_string(e->info.dtype)).key("shape").begin_array();
      for (const std::int64_t extent : e->info.shape) json.number(extent);
      json.end_array().key("data_offsets").begin_array().number(begin).number(end).end_array();
      json.end_object();
      begin = end;
    }
    std::string text = json.end_object().take();
    text.append((8 - text.size() % 8) % 8,
                ' ');  // the 8 bytes of the length keep the sum's remainder
    return text;
  }

  std::vector<entry> entries_;
  std::set<std::string, std::less<>> names_;
  std::map<std::string, std::string, std::less<>> metadata_;
};

}  // namespace qtl::inline v0::io
