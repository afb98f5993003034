// SPDX-License-Identifier: Apache-2.0
// qtl/io/npy.hpp - NumPy .npy files, read and written.
// Holds: npy_file, try_read_npy, try_write_npy, try_write_npy_bytes and their throwing forms.
// bfloat16 and float8 arrays of ml_dtypes appear as raw bytes ("<V2", "|V1"); their type is the
// caller's to know.
// Not here: the header's grammar (npy_header.hpp); .npz archives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/buffer.hpp"
#include "qtl/base/error.hpp"
#include "qtl/base/matrix.hpp"
#include "qtl/base/views.hpp"
#include "qtl/io/atomic_file.hpp"
#include "qtl/io/file_error.hpp"
#include "qtl/io/little_endian.hpp"
#include "qtl/io/mapped_file.hpp"
#include "qtl/io/npy_header.hpp"

namespace qtl::inline v0::io {

/// One array, mapped. Move-only; const functions may be called from several threads.
class npy_file {
 public:
  /// Opens and checks `path`, or throws qtl::error; see open.
  template<class S = status>
  explicit npy_file(const std::string& path, file_access access = file_access::map) {
    result<npy_file> opened = open(path, access);
    throw_if_failed<S>(opened.why());
    *this = *std::move(opened);
  }

  /// Opens and checks `path`. io_failed, out_of_memory, malformed_file, unsupported or overflow,
  /// naming file and rule.
  static result<npy_file> open(const std::string& path, file_access access = file_access::map) {
    result<mapped_file> mapped = mapped_file::open(path, access);
    if (!mapped.ok()) return mapped.why();
    result<npy_file> file = from_memory(mapped->bytes(), path);
    if (file.ok()) file->mapped_ = *std::move(mapped);
    return file;
  }

  /// The same over a whole file that the caller holds in memory, and keeps there; `name` is for
  /// messages.
  static result<npy_file> from_memory(std::span<const std::byte> bytes, std::string name) {
    result<npy_header> header =
        parse_npy_header(bytes, static_cast<std::int64_t>(bytes.size()), name);
    if (!header.ok()) return header.why();
    npy_file file;
    file.path_ = std::move(name);
    file.header_ = *std::move(header);
    file.bytes_ = bytes;
    return file;
  }

  /// What the header says.
  const npy_header& header() const { return header_; }

  /// The array's bytes in the mapping, in the order the header says.
  std::span<const std::byte> bytes() const {
    return bytes_.subspan(static_cast<std::size_t>(header_.data_begin),
                          static_cast<std::size_t>(header_.data_bytes));
  }

  /// The array as a float matrix: "<f4", "<f2" or "<f8" (rounded to nearest even) of rank 2, or of
  /// rank 1 as one row. unsupported for another descr, shape_mismatch for another rank,
  /// out_of_memory.
  result<qtl::matrix<float>> try_matrix() const {
    float_encoding encoding{};
    if (!float_encoding_of(header_.descr, encoding)) {
      status s = file_failure(error_code::unsupported, path_, "", "descr ");
      s.message.append(header_.descr).append(" does not convert to float; <f2, <f4 and <f8 do");
      return s;
    }
    const auto rank = std::ssize(header_.shape);
    if (rank != 1 && rank != 2) {
      status s = file_mismatch(error_code::shape_mismatch, path_, "", "rank", 2, rank);
      s.message.append(" (or 1, read as one row)");
      return s;
    }
    const std::int64_t rows = rank == 2 ? header_.shape[0] : 1;
    const std::int64_t cols = header_.shape.back();
    result<qtl::matrix<float>> made = qtl::matrix<float>::make(rows, cols);
    if (!made.ok()) return file_failure(made.why().code, path_, "", made.why().message.view());
    const std::byte* from = bytes().data();
    if (!header_.fortran_order || rank == 1 || header_.data_bytes == 0) {
      decode_floats(encoding, from, {made->data(), static_cast<std::size_t>(rows * cols)});
      return made;
    }
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < cols; ++j)
        (*made)(i, j) = decode_float(encoding, from, j * rows + i);
    return made;
  }

  /// try_matrix, or throws qtl::error.
  template<class M = qtl::matrix<float>>
  M matrix() const {
    return value_or_throw<M>(try_matrix());
  }

 private:
  npy_file() = default;

  static bool float_encoding_of(std::string_view descr, float_encoding& encoding) {
    if (descr == "<f2") encoding = float_encoding::f16;
    if (descr == "<f4") encoding = float_encoding::f32;
    if (descr == "<f8") encoding = float_encoding::f64;
    return descr == "<f2" || descr == "<f4" || descr == "<f8";
  }

  std::string path_;
  mapped_file mapped_;                // empty for from_memory
  std::span<const std::byte> bytes_;  // of mapped_, which keeps them in place when it moves
  npy_header header_;
};

/// Reads `path` as a float matrix; fails as npy_file::open and npy_file::try_matrix.
inline result<qtl::matrix<float>> try_read_npy(const std::string& path) {
  const result<npy_file> file = npy_file::open(path);
  if (!file.ok()) return file.why();
  return file->try_matrix();
}

/// Writes an array of any descr, replacing an old file in one step. `bytes` are C-order, or Fortran
/// order where said. shape_mismatch where descr and shape take another number of bytes;
/// unsupported, overflow; io_failed with the old file untouched.
inline status try_write_npy_bytes(const std::string& path, std::string_view descr,
                                  std::span<const std::int64_t> shape,
                                  std::span<const std::byte> bytes, bool fortran_order = false) {
  const result<std::int64_t> size = npy_data_bytes(descr, shape);
  if (!size.ok()) return file_failure(size.why().code, path, "", size.why().message.view());
  if (*size != std::ssize(bytes))
    return file_mismatch(error_code::shape_mismatch, path, "", "the number of data bytes", *size,
                         std::ssize(bytes));
  const result<std::string> header = write_npy_header(descr, shape, fortran_order);
  if (!header.ok()) return file_failure(header.why().code, path, "", header.why().message.view());
  result<atomic_file> file = atomic_file::create(path);
  if (!file.ok()) return file.why();
  if (status s = file->write(*header); !s.ok()) return s;
  if (status s = file->write(bytes); !s.ok()) return s;
  return file->commit();
}

/// Writes a float matrix as "<f4" of rank 2, replacing an old file in one step; fails as
/// try_write_npy_bytes, and with out_of_memory.
template<MatrixSource M>
status try_write_npy(const std::string& path, const M& values) {
  const matrix_view<const float> m = as_view(values);
  const std::int64_t shape[] = {m.rows, m.cols};
  const result<std::int64_t> size = npy_data_bytes("<f4", shape);
  if (!size.ok()) return file_failure(size.why().code, path, "", size.why().message.view());
  result<buffer<std::byte>> bytes = buffer<std::byte>::make(*size);
  if (!bytes.ok()) return file_failure(bytes.why().code, path, "", bytes.why().message.view());
  encode_floats(m, bytes->data());
  return try_write_npy_bytes(path, "<f4", shape, bytes->span());
}

/// try_read_npy, or throws qtl::error.
template<class M = qtl::matrix<float>>
M read_npy(const std::string& path) {
  return value_or_throw<M>(try_read_npy(path));
}

/// try_write_npy, or throws qtl::error.
template<MatrixSource M>
void write_npy(const std::string& path, const M& values) {
  throw_if_failed(try_write_npy(path, values));
}

}  // namespace qtl::inline v0::io
