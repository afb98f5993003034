// SPDX-License-Identifier: Apache-2.0
// qtl/io/qtensor_safetensors.hpp - how a QTensor lies in a safetensors file: QTL's own dialect.
// Holds: tensor_codec<QTensor<P>>, try_view, try_read_policy. "name" holds the codes, "name.scale", "name.zero_point" or
// "name.shift", and "name.tensor_scale" the rest; the metadata entry "qtl.name" holds policy and
// shape as JSON. Other programs can read it from docs/file_format.md alone. Not here: other
// projects' dialects.
#pragma once

#include <bit>
#include <cstring>
#include <string>

#include "qtl/io/policy_json.hpp"
#include "qtl/io/safetensors_file.hpp"
#include "qtl/io/safetensors_writer.hpp"
#include "qtl/tensor/qtensor.hpp"

namespace qtl::inline v0::io {

static_assert(std::endian::native == std::endian::little,
              "scales and codes are stored as they lie in memory, little-endian");

/// `file.get<P>("name")` returns a QTensor<P>.
template<QuantPolicy P>
struct stored_as<P> {
  using type = QTensor<P>;
};

namespace qtensor_dialect {

/// The dialect's version and the metadata key that holds it.
inline constexpr std::string_view version = "1";
inline constexpr std::string_view version_key = "qtl.version";

/// The metadata key of a tensor.
inline std::string policy_key(std::string_view name) { return "qtl." + std::string(name); }

/// A format that safetensors has a name for is stored under it, element by element; the rest as
/// packed bytes.
template<class F>
constexpr dtype element_dtype() {
  dtype type = dtype::u8;
  if constexpr (F::bits == 8 && kind_of<F> == format_kind::integer)
    type = std::is_signed_v<code_type<F>> ? dtype::i8 : dtype::u8;
  else if constexpr (std::same_as<F, e4m3>)
    type = dtype::f8_e4m3;
  else if constexpr (std::same_as<F, e5m2>)
    type = dtype::f8_e5m2;
  else if constexpr (std::same_as<F, e4m3fnuz>)
    type = dtype::f8_e4m3fnuz;
  else if constexpr (std::same_as<F, e5m2fnuz>)
    type = dtype::f8_e5m2fnuz;
  else if constexpr (std::same_as<F, e8m0>)
    type = dtype::f8_e8m0;
  else if constexpr (std::same_as<F, f16>)
    type = dtype::f16;
  else if constexpr (std::same_as<F, bf16>)
    type = dtype::bf16;
  else if constexpr (std::same_as<F, f32>)
    type = dtype::f32;
  return type;
}

/// The dtype that zero points or shifts of P are stored as.
template<class P>
constexpr dtype offset_dtype() {
  if constexpr (P::scheme::zero_point == zero_point_kind::integer)
    return std::is_signed_v<code_type<typename P::format>> ? dtype::i8 : dtype::u8;
  else
    return P::scheme::zero_point == zero_point_kind::wide ? dtype::i32 : dtype::f32;
}

/// What is appended to the name of the codes to name the offsets.
template<class P>
constexpr const char* offset_suffix() {
  return P::scheme::zero_point == zero_point_kind::shift ? ".shift" : ".zero_point";
}

/// Columns of the code tensor: elements where the dtype has the format's width, else packed bytes.
template<class P>
constexpr std::int64_t code_columns(const tensor_layout& layout) {
  return bits_of(element_dtype<typename P::format>()) == P::format::bits ? layout.cols
                                                                         : layout.row_bytes;
}

/// The policy with the shape, and for formats that only their author knows the value of every code.
template<QuantPolicy P>
std::string describe_tensor(const tensor_layout& layout) {
  json_writer json;
  json.begin_object();
  json.key("rows").number(layout.rows).key("cols").number(layout.cols).key("policy");
  write_policy(json, describe<P>());
  if constexpr (kind_of<typename P::format> == format_kind::codebook ||
                kind_of<typename P::format> == format_kind::custom) {
    json.key("value_bits").begin_array();  // the values' f32 bit patterns: decimal text would round
    for (const float v : value_table<typename P::format>) json.number(std::int64_t{float_bits(v)});
    json.end_array();
  }
  json.end_object();
  return json.take();
}

/// Size bytes from data.
inline std::span<const std::byte> bytes_of(const std::byte* data, std::int64_t size) {
  return {data, static_cast<std::size_t>(size)};
}

/// What the metadata of one tensor says.
struct tensor_description {
  policy_desc policy;
  std::int64_t rows = -1;
  std::int64_t cols = -1;
  std::vector<std::int64_t> value_bits;
};

/// Reads and checks the metadata of a tensor; errors as try_read_policy.
inline result<tensor_description> parse_description(const safetensors_file& in,
                                                    std::string_view name) {
  const std::string* text = in.metadata(policy_key(name));
  if (text == nullptr)
    return file_failure(in.info(name) == nullptr ? error_code::not_found : error_code::unsupported,
                        in.path(), name,
                        in.info(name) == nullptr ? "no tensor of that name"
                                                 : "the file records no QTL policy for it");
  const result<std::vector<json_field>> fields = read_json_fields(*text);
  if (!fields.ok())
    return file_failure(error_code::malformed_file, in.path(), name, fields.why().message.view());
  tensor_description d;
  for (const json_field& f : *fields) {
    if (f.path == "rows" && f.kind == json_field::type::whole)
      d.rows = f.whole;
    else if (f.path == "cols" && f.kind == json_field::type::whole)
      d.cols = f.whole;
    else if (f.path.starts_with("value_bits.") && f.kind == json_field::type::whole)
      d.value_bits.push_back(f.whole);
    else if (!f.path.starts_with("policy."))
      return file_failure(error_code::malformed_file, in.path(), name,
                          "its QTL metadata has a key that is unknown");
  }
  const result<policy_desc> policy = policy_from_fields(*fields, "policy.");
  if (!policy.ok())
    return file_failure(policy.why().code, in.path(), name, policy.why().message.view());
  d.policy = *policy;
  return d;
}

/// unsupported, naming the stored policy and the one asked for.
inline status wrong_policy(const safetensors_file& in, std::string_view name,
                           const policy_desc& stored, const policy_desc& asked) {
  status s = file_failure(error_code::unsupported, in.path(), name, "stored as '");
  s.message.append(to_text(stored).view())
      .append("', asked for as '")
      .append(to_text(asked).view())
      .append("'");
  return s;
}

/// Whether the recorded values are those of the format of P; true for formats that need none.
template<QuantPolicy P>
bool same_values(const std::vector<std::int64_t>& bits) {
  if constexpr (kind_of<typename P::format> == format_kind::codebook ||
                kind_of<typename P::format> == format_kind::custom) {
    const auto& values = value_table<typename P::format>;
    if (bits.size() != values.size()) return false;
    for (std::size_t i = 0; i < bits.size(); ++i)
      if (bits[i] != std::int64_t{float_bits(values[i])}) return false;
  }
  return true;
}

/// The bytes of one part, checked for dtype and shape.
inline result<std::span<const std::byte>> part(const safetensors_file& in, const std::string& name,
                                               dtype type, std::int64_t rows, std::int64_t cols) {
  const tensor_info* info = in.info(name);
  if (info == nullptr)
    return file_failure(error_code::not_found, in.path(), name, "no tensor of that name");
  if (info->dtype != type) {
    status s = file_failure(error_code::malformed_file, in.path(), name, "dtype is ");
    s.message.append(io::to_string(info->dtype)).append(", expected ").append(io::to_string(type));
    return s;
  }
  if (info->rank() != 2 || info->shape[0] != rows || info->shape[1] != cols) {
    status s =
        file_failure(error_code::malformed_file, in.path(), name, "shape is not the expected ");
    s.message.append(rows).append(" x ").append(cols);
    return s;
  }
  return in.try_bytes(name);
}

}  // namespace qtensor_dialect

/// The policy that a file records for a tensor. Errors: not_found, unsupported where the file has
/// none or names a format or scheme that is unknown, malformed_file.
inline result<policy_desc> try_read_policy(const safetensors_file& in, std::string_view name) {
  const auto d = qtensor_dialect::parse_description(in, name);
  if (!d.ok()) return d.why();
  return d->policy;
}

/// A QTensorView<P> over the mapped bytes of `in`, which must outlive it. Errors as
/// try_read_policy, unsupported where the file's policy is not P (both are named), malformed_file
/// where a part has another dtype or shape.
template<QuantPolicy P>
result<QTensorView<P>> try_view(const safetensors_file& in, std::string_view name) {
  namespace dialect = qtensor_dialect;
  const auto d = dialect::parse_description(in, name);
  if (!d.ok()) return d.why();
  if (d->policy != describe<P>()) return dialect::wrong_policy(in, name, d->policy, describe<P>());
  if (!dialect::same_values<P>(d->value_bits))
    return file_failure(error_code::unsupported, in.path(), name,
                        "the stored format has this name but other values");
  const result<tensor_layout> layout = make_layout<P>(d->rows, d->cols);
  if (!layout.ok())
    return file_failure(error_code::malformed_file, in.path(), name, layout.why().message.view());
  const std::string base(name);
  const auto codes = dialect::part(in, base, dialect::element_dtype<typename P::format>(),
                                   layout->rows, dialect::code_columns<P>(*layout));
  if (!codes.ok()) return codes.why();
  QTensorView<P> view{codes->data(), nullptr, nullptr, 1.0f, *layout};
  if constexpr (scale_bytes<P> != 0) {
    const auto scales =
        dialect::part(in, base + ".scale", dialect::element_dtype<typename P::scale::format>(),
                      layout->grid.rows, layout->grid.cols);
    if (!scales.ok()) return scales.why();
    view.scales = scales->data();
  }
  if constexpr (offset_bytes<P> != 0) {
    const auto offsets =
        dialect::part(in, base + dialect::offset_suffix<P>(), dialect::offset_dtype<P>(),
                      layout->grid.rows, layout->grid.cols);
    if (!offsets.ok()) return offsets.why();
    view.offsets = offsets->data();
  }
  if constexpr (P::scale::two_levels) {
    const auto scale = dialect::part(in, base + ".tensor_scale", dtype::f32, 1, 1);
    if (!scale.ok()) return scale.why();
    view.tensor_scale = load_unaligned<float>(scale->data());
  }
  return view;
}

/// Stores a QTensor<P> as its parts and its policy; loads it back bit-identical.
template<QuantPolicy P>
struct tensor_codec<QTensor<P>> {
  /// Errors as safetensors_writer::try_add_bytes; parts already added stay.
  static status write(safetensors_writer& out, std::string_view name, const QTensor<P>& q) {
    namespace dialect = qtensor_dialect;
    const QTensorView<P> v = q.view();
    const tensor_layout& at = v.layout;
    const std::string base(name);
    status s = out.try_add_bytes(base, dialect::element_dtype<typename P::format>(),
                                 {at.rows, dialect::code_columns<P>(at)},
                                 dialect::bytes_of(v.codes, at.code_bytes));
    if (s.ok() && scale_bytes<P> != 0)
      s = out.try_add_bytes(base + ".scale", dialect::element_dtype<typename P::scale::format>(),
                            {at.grid.rows, at.grid.cols},
                            dialect::bytes_of(v.scales, at.scale_bytes));
    if (s.ok() && offset_bytes<P> != 0)
      s = out.try_add_bytes(base + dialect::offset_suffix<P>(), dialect::offset_dtype<P>(),
                            {at.grid.rows, at.grid.cols},
                            dialect::bytes_of(v.offsets, at.offset_bytes));
    if (s.ok() && P::scale::two_levels)
      s = out.try_add_bytes(base + ".tensor_scale", dtype::f32, {1, 1},
                            std::as_bytes(std::span(&v.tensor_scale, 1)));
    if (s.ok()) s = out.try_set_metadata(dialect::version_key, dialect::version);
    if (s.ok())
      s = out.try_set_metadata(dialect::policy_key(name), dialect::describe_tensor<P>(at));
    return s;
  }
  /// Errors as try_view, and out_of_memory.
  static result<QTensor<P>> read(const safetensors_file& in, std::string_view name) {
    const result<QTensorView<P>> view = try_view<P>(in, name);
    if (!view.ok()) return view.why();
    return QTensor<P>::copy_of(*view);
  }
};

}  // namespace qtl::inline v0::io
