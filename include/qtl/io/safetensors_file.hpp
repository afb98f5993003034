// SPDX-License-Identifier: Apache-2.0
// qtl/io/safetensors_file.hpp - a safetensors file open for reading.
// Holds: safetensors_file. Opening checks everything (safetensors_header.hpp); afterwards bytes are
// handed out without a copy and without a further check. Not here: writing
// (safetensors_writer.hpp), other types (tensor_codec.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/error.hpp"
#include "qtl/base/matrix.hpp"
#include "qtl/io/file_error.hpp"
#include "qtl/io/little_endian.hpp"
#include "qtl/io/mapped_file.hpp"
#include "qtl/io/safetensors_header.hpp"
#include "qtl/io/tensor_codec.hpp"

namespace qtl::inline v0::io {

/// The tensors of one file, mapped. Move-only; const functions may be called from several threads.
///
///     qtl::io::safetensors_file in("model.safetensors");
///     auto w = in.get<qtl::matrix<float>>("layer.weight");
///
/// Data may start at any address: read elements with load_little_endian, or as floats with
/// try_matrix.
class safetensors_file {
 public:
  /// Opens and checks `path`, or throws qtl::error; see open.
  template<class S = status>
  explicit safetensors_file(const std::string& path, const safetensors_options& options = {}) {
    result<safetensors_file> opened = open(path, options);
    throw_if_failed<S>(opened.why());
    *this = *std::move(opened);
  }

  /// Opens and checks `path`. io_failed, out_of_memory, malformed_file or overflow, naming file,
  /// tensor and rule.
  static result<safetensors_file> open(const std::string& path,
                                       const safetensors_options& options = {}) {
    result<mapped_file> mapped = mapped_file::open(path, options.access);
    if (!mapped.ok()) return mapped.why();
    result<safetensors_file> file = from_memory(mapped->bytes(), path, options);
    if (file.ok()) file->mapped_ = *std::move(mapped);
    return file;
  }

  /// The same over a whole file that the caller holds in memory, and keeps there; `name` is for
  /// messages.
  static result<safetensors_file> from_memory(std::span<const std::byte> bytes, std::string name,
                                              const safetensors_options& options = {}) {
    result<safetensors_header> header =
        parse_header(bytes, static_cast<std::int64_t>(bytes.size()), name, options);
    if (!header.ok()) return header.why();
    safetensors_file file;
    file.path_ = std::move(name);
    file.header_ = *std::move(header);
    file.bytes_ = bytes;
    return file;
  }

  /// The path it was opened by.
  const std::string& path() const { return path_; }

  /// All tensors, in the order of their bytes.
  std::span<const tensor_info> tensors() const { return header_.tensors; }

  /// The tensors' names, in the order of their bytes; valid as long as this object.
  std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    all.reserve(header_.tensors.size());
    for (const tensor_info& tensor : header_.tensors) all.emplace_back(tensor.name);
    return all;
  }

  /// What the file says about a tensor, or nullptr where it has none of that name.
  const tensor_info* info(std::string_view name) const { return header_.find(name); }

  /// The metadata value of `key`, or nullptr.
  const std::string* metadata(std::string_view key) const { return header_.find_metadata(key); }

  /// All metadata, sorted by key.
  std::span<const std::pair<std::string, std::string>> metadata() const { return header_.metadata; }

  /// A tensor's bytes in the mapping, of any alignment; not_found where there is none of that name.
  result<std::span<const std::byte>> try_bytes(std::string_view name) const {
    const tensor_info* tensor = info(name);
    if (tensor == nullptr)
      return file_failure(error_code::not_found, path_, name, "no tensor of that name");
    return bytes_of(*tensor);
  }

  /// try_bytes, or throws qtl::error.
  template<class Bytes = std::span<const std::byte>>
  Bytes bytes(std::string_view name) const {
    return value_or_throw<Bytes>(try_bytes(name));
  }

  /// A tensor as a float matrix: F32, F16 or BF16 of rank 2, or of rank 1 as one row. not_found,
  /// unsupported for another dtype, shape_mismatch for another rank, out_of_memory.
  result<qtl::matrix<float>> try_matrix(std::string_view name) const {
    const tensor_info* tensor = info(name);
    if (tensor == nullptr)
      return file_failure(error_code::not_found, path_, name, "no tensor of that name");
    float_encoding encoding{};
    if (!float_encoding_of(tensor->dtype, encoding)) {
      status s = file_failure(error_code::unsupported, path_, name, "dtype ");
      s.message.append(to_string(tensor->dtype))
          .append(" does not convert to float; F32, F16 and BF16 do");
      return s;
    }
    if (tensor->rank() != 1 && tensor->rank() != 2) {
      status s = file_mismatch(error_code::shape_mismatch, path_, name, "rank", 2, tensor->rank());
      s.message.append(" (or 1, read as one row)");
      return s;
    }
    const std::int64_t rows = tensor->rank() == 2 ? tensor->shape[0] : 1;
    result<qtl::matrix<float>> made = qtl::matrix<float>::make(rows, tensor->shape.back());
    if (!made.ok()) return file_failure(made.why().code, path_, name, made.why().message.view());
    const std::span<float> elements(made->data(),
                                    static_cast<std::size_t>(made->rows() * made->cols()));
    decode_floats(encoding, bytes_of(*tensor).data(), elements);
    return made;
  }

  /// try_matrix, or throws qtl::error.
  template<class M = qtl::matrix<float>>
  M matrix(std::string_view name) const {
    return value_or_throw<M>(try_matrix(name));
  }

  /// The value stored under `name`, through tensor_codec: `get<qtl::matrix<float>>`, or `get<P>` of
  /// a policy P for a QTensor<P>. Fails as that type's codec says, and with not_found.
  template<class Key>
    requires LoadableTensor<stored_type<Key>>
  result<stored_type<Key>> try_get(std::string_view name) const {
    return tensor_codec<stored_type<Key>>::read(*this, name);
  }

  /// try_get, or throws qtl::error.
  template<class Key>
    requires LoadableTensor<stored_type<Key>>
  stored_type<Key> get(std::string_view name) const {
    return value_or_throw<stored_type<Key>>(try_get<Key>(name));
  }

 private:
  safetensors_file() = default;

  // Inside the file: parse_header has checked begin and end of every tensor against its length.
  std::span<const std::byte> bytes_of(const tensor_info& tensor) const {
    const auto first = static_cast<std::size_t>(header_.data_begin + tensor.begin);
    return bytes_.subspan(first, static_cast<std::size_t>(tensor.byte_size()));
  }

  static bool float_encoding_of(dtype type, float_encoding& encoding) {
    switch (type) {
      case dtype::f16:
        encoding = float_encoding::f16;
        return true;
      case dtype::bf16:
        encoding = float_encoding::bf16;
        return true;
      case dtype::f32:
        encoding = float_encoding::f32;
        return true;
      default:
        return false;
    }
  }

  std::string path_;
  mapped_file mapped_;                // empty for from_memory
  std::span<const std::byte> bytes_;  // of mapped_, which keeps them in place when it moves
  safetensors_header header_;
};

}  // namespace qtl::inline v0::io
