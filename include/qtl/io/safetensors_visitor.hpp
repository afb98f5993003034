// SPDX-License-Identifier: Apache-2.0
// qtl/io/safetensors_visitor.hpp - from JSON events to a list of tensors.
// Holds: safetensors_options, safetensors_visitor. It knows which event may come where; the
// numbers' meaning (offsets, sizes) is checked in safetensors_header.hpp, when all of them are
// known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/base/error.hpp"
#include "qtl/io/file_error.hpp"
#include "qtl/io/mapped_file.hpp"
#include "qtl/io/tensor_info.hpp"

namespace qtl::inline v0::io {

/// How strictly a safetensors file is read. The caps are far above real files and keep hostile ones
/// small.
struct safetensors_options {
  bool allow_trailing_bytes =
      false;  ///< accept bytes after the last tensor; some published files have a few
  file_access access =
      file_access::map;  ///< copy protects against other processes changing the file
  std::int64_t max_header_bytes = 100'000'000;  ///< the format's own limit
  std::int64_t max_tensors = 1'000'000;
  std::int64_t max_name_bytes = 1024;
  int max_rank = 16;
};

/// The JsonVisitor of a safetensors header. Appends to the lists given; the first event out of
/// place stops it.
class safetensors_visitor {
 public:
  using metadata_list = std::vector<std::pair<std::string, std::string>>;

  safetensors_visitor(const safetensors_options& options, std::string_view file_name,
                      std::vector<tensor_info>& tensors, metadata_list& metadata)
      : options_(options), file_name_(file_name), tensors_(tensors), metadata_(metadata) {}

  bool begin_object() {
    switch (state_) {
      case state::top:
        return go(state::root);
      case state::metadata_start:
        return go(state::metadata);
      case state::tensor_start:
        return go(state::tensor);
      default:
        return wrong_value("an object");
    }
  }

  bool end_object() {
    if (state_ == state::tensor) {
      if (!has_dtype_) return refuse("the field dtype is missing");
      if (!has_shape_) return refuse("the field shape is missing");
      if (!has_offsets_) return refuse("the field data_offsets is missing");
    }
    place_ = "";
    return go(state::root);
  }

  bool begin_array() {
    switch (state_) {
      case state::shape_start:
        return go(state::shape);
      case state::offsets_start:
        return go(state::offsets);
      default:
        return wrong_value("an array");
    }
  }

  bool end_array() {
    if (state_ == state::offsets && offsets_seen_ != 2)
      return refuse("data_offsets has fewer than two numbers");
    return go(state::tensor);
  }

  bool key(std::string_view name) {
    switch (state_) {
      case state::root:
        return root_key(name);
      case state::metadata:
        return metadata_key(name);
      default:
        return tensor_key(name);
    }
  }

  bool string(std::string_view value) {
    switch (state_) {
      case state::metadata_value:
        metadata_.back().second = value;
        return go(state::metadata);
      case state::dtype_value:
        if (dtype_from_string(value, tensors_.back().dtype)) return go(state::tensor);
        refuse("unknown dtype '");
        detail::append_shortened(why_.message, value, 32);
        why_.message.append("'");
        return false;
      default:
        return wrong_value("a string");
    }
  }

  bool unsigned_number(std::uint64_t value) {
    if (state_ != state::shape && state_ != state::offsets) return wrong_value("a number");
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return refuse_number("does not fit 63 bits");
    const auto number = static_cast<std::int64_t>(value);
    tensor_info& tensor = tensors_.back();
    if (state_ == state::offsets) {
      if (offsets_seen_ == 2) return refuse("data_offsets has more than two numbers");
      (offsets_seen_++ == 0 ? tensor.begin : tensor.end) = number;
      return true;
    }
    if (tensor.rank() == options_.max_rank)
      return refuse_limit("rank is above the limit of ", options_.max_rank);
    tensor.shape.push_back(number);
    return true;
  }

  bool negative_number(std::int64_t) {
    if (state_ != state::shape && state_ != state::offsets) return wrong_value("a number");
    return refuse_number("is negative");
  }
  bool real_number(double) {
    if (state_ != state::shape && state_ != state::offsets) return wrong_value("a number");
    return refuse_number("is no integer of 64 bits");
  }
  bool boolean(bool) { return wrong_value("true or false"); }
  bool null() { return wrong_value("null"); }

  status why() const { return why_; }

 private:
  // Where in the header we are; the states named *_start and *_value wait for the value of a key
  // just read.
  enum class state : std::uint8_t {
    top,
    root,
    metadata_start,
    metadata,
    metadata_value,
    tensor_start,
    tensor,
    dtype_value,
    shape_start,
    shape,
    offsets_start,
    offsets,
  };

  bool go(state next) {
    state_ = next;
    return true;
  }

  bool root_key(std::string_view name) {
    if (name == "__metadata__") return go(state::metadata_start);
    place_ = name;
    if (static_cast<std::int64_t>(name.size()) > options_.max_name_bytes)
      return refuse_limit("the name's length is above the limit of ", options_.max_name_bytes);
    if (static_cast<std::int64_t>(tensors_.size()) >= options_.max_tensors)
      return refuse_limit("the number of tensors is above the limit of ", options_.max_tensors);
    tensors_.emplace_back().name = name;
    has_dtype_ = has_shape_ = has_offsets_ = false;
    offsets_seen_ = 0;
    return go(state::tensor_start);
  }

  bool metadata_key(std::string_view name) {
    metadata_.emplace_back().first = name;
    return go(state::metadata_value);
  }

  // A key given twice must not reach us as two values: the JSON layer reports it only when the
  // object closes.
  bool tensor_key(std::string_view name) {
    if (name == "dtype") return first_time(has_dtype_, "dtype") && go(state::dtype_value);
    if (name == "shape") return first_time(has_shape_, "shape") && go(state::shape_start);
    if (name == "data_offsets")
      return first_time(has_offsets_, "data_offsets") && go(state::offsets_start);
    refuse("unknown field '");
    detail::append_shortened(why_.message, name, 32);
    why_.message.append("'");
    return false;
  }

  bool first_time(bool& seen, std::string_view field) {
    if (!std::exchange(seen, true)) return true;
    refuse("the field ");
    why_.message.append(field).append(" stands twice");
    return false;
  }

  bool refuse(std::string_view rule) {
    why_ = file_failure(error_code::malformed_file, file_name_, place_, rule);
    return false;
  }

  bool refuse_limit(std::string_view rule, std::int64_t limit) {
    refuse(rule);
    why_.message.append(limit);
    why_.expected = limit;
    return false;
  }

  // "an extent of shape <fault>" or "an offset of data_offsets <fault>".
  bool refuse_number(std::string_view fault) {
    refuse(state_ == state::shape ? "an extent of shape " : "an offset of data_offsets ");
    why_.message.append(fault);
    return false;
  }

  bool wrong_value(std::string_view given) {
    refuse(expected_here());
    why_.message.append(", not ").append(given);
    return false;
  }

  std::string_view expected_here() const {
    switch (state_) {
      case state::top:
        return "the header must be an object";
      case state::metadata_start:
        return "the metadata must be an object";
      case state::metadata_value:
        return "a metadata value must be a string";
      case state::tensor_start:
        return "a tensor must be described by an object";
      case state::dtype_value:
        return "dtype must be a string";
      case state::shape_start:
        return "shape must be an array";
      case state::shape:
        return "an extent of shape must be a number";
      case state::offsets_start:
        return "data_offsets must be an array";
      default:
        return "an offset of data_offsets must be a number";
    }
  }

  const safetensors_options& options_;
  std::string_view file_name_;
  std::vector<tensor_info>& tensors_;
  metadata_list& metadata_;
  state state_ = state::top;
  std::string place_;  // the tensor we are in, for messages
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  int offsets_seen_ = 0;
  status why_;
};

}  // namespace qtl::inline v0::io
