// SPDX-License-Identifier: Apache-2.0
// qtl/io/tensor_codec.hpp - how a type is stored in a safetensors file: the point where other types
// join.
// Holds: tensor_codec with the codec of float matrices, stored_as, the concepts StorableTensor and
// LoadableTensor.
// To add a type: specialize tensor_codec<T> with write and read (one tensor or several, named after
// `name`); where users name it by a key, as QTensor<P> by its policy P, specialize stored_as<P>
// too.
#pragma once

#include <concepts>
#include <string_view>

#include "qtl/base/error.hpp"
#include "qtl/base/matrix.hpp"
#include "qtl/base/unsatisfied.hpp"
#include "qtl/base/views.hpp"

namespace qtl::inline v0::io {

class safetensors_file;
class safetensors_writer;

/// Stores and loads a T. A specialization has
///
///     static status write(safetensors_writer& out, std::string_view name, const T& value);
///     static result<T> read(const safetensors_file& in, std::string_view name);
///
/// or one of the two. The primary template is left undefined: there is no default layout.
template<class T>
struct tensor_codec;

/// Which type `file.get<Key>(name)` returns: Key itself unless specialized.
template<class Key>
struct stored_as {
  using type = Key;
};

/// The type that Key loads as.
template<class Key>
using stored_type = typename stored_as<Key>::type;

/// True for what MatrixSource takes; the test without its sentence.
template<class M>
inline constexpr bool is_float_matrix =
    std::same_as<M, matrix_view<float>> || std::same_as<M, matrix_view<const float>> ||
    has_strided_float_storage<M>;

/// Float matrices of any owner are stored as one F32 tensor; a qtl::matrix<float> loads from F32,
/// F16 or BF16. The functions are templates so that this file needs neither class whole.
template<class M>
  requires(is_float_matrix<M>)
struct tensor_codec<M> {
  template<class Writer>
  static status write(Writer& out, std::string_view name, const M& value) {
    return out.try_add_matrix(name, as_view(value));
  }
  template<class File>
    requires std::same_as<M, qtl::matrix<float>>
  static result<M> read(const File& in, std::string_view name) {
    return in.try_matrix(name);
  }
};

/// Satisfied by T with a tensor_codec<T> that has write: float matrices, and QTensor with its
/// codec's header included.
/// Why: the file format knows bytes and names only; the codec says which ones make a T.
template<class T>
concept StorableTensor =
    requires(safetensors_writer& out, std::string_view name, const T& value) {
      { tensor_codec<T>::write(out, name, value) } -> std::same_as<status>;
    } ||
    unsatisfied<
        "no tensor_codec<T>::write is known: include the header of T's codec, or specialize qtl::io::tensor_codec",
        T>;

/// Satisfied by T with a tensor_codec<T> that has read. Why: as StorableTensor.
template<class T>
concept LoadableTensor =
    requires(const safetensors_file& in, std::string_view name) {
      { tensor_codec<T>::read(in, name) } -> std::same_as<result<T>>;
    } ||
    unsatisfied<
        "no tensor_codec<T>::read is known: include the header of T's codec, or specialize qtl::io::tensor_codec",
        T>;

}  // namespace qtl::inline v0::io
