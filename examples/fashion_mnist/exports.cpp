// SPDX-License-Identifier: Apache-2.0
#include "exports.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "qtl/io/policy_json.hpp"

#include "../common/json_text.hpp"

namespace fashion {
namespace {

using common::json_number;
using common::json_quoted;

/// A row by names, the values as JSON writes them.
std::vector<std::pair<std::string_view, std::string>> fields(const table_row& row) {
  return {
      {"policy", json_quoted(row.policy)},
      {"method", row.is_float ? "null" : json_quoted(row.method)},
      {"description", json_quoted(row.description)},
      {"bits_per_weight", json_number(row.bits_per_weight)},
      {"bytes", row.failed ? "null" : std::to_string(row.bytes)},
      {"sqnr_db", json_number(row.sqnr_db)},
      {"top1", json_number(row.accuracy)},
      {"kernel", json_quoted(row.kernels)},
      {"milliseconds", json_number(row.milliseconds)},
      {"speed", json_number(row.speed)},
      {"reload_identical", row.failed      ? "null"
                           : row.identical ? "true"
                                           : "false"},
      {"note", json_quoted(row.note)},
  };
}

}  // namespace

std::string to_json(std::span<const table_row> rows, const options& o, std::int64_t images) {
  std::string text = "{\n";
  const auto add = [&](const char* name, const std::string& value) {
    text.append("\"").append(name).append("\": ").append(value).append(",\n");
  };
  add("qtl_version", std::to_string(QTL_VERSION));
  add("compiler", json_quoted(__VERSION__));
  add("images", std::to_string(images));
  add("threads", std::to_string(o.threads));
  add("repetitions", std::to_string(o.repetitions));
  text += "\"rows\": [";
  for (const table_row& row : rows) {
    text += &row == rows.data() ? "\n  {" : ",\n  {";
    for (const auto& [name, value] : fields(row))
      text.append("\"").append(name).append("\": ").append(value).append(", ");
    text += "\"desc\": " + (row.is_float ? "null" : qtl::io::to_json(row.desc)) + "}";
  }
  return text + "\n]\n}\n";
}

std::string to_csv(std::span<const table_row> rows) {
  std::string heading;
  std::string lines;
  for (const table_row& row : rows) {
    std::string_view separator;
    for (const auto& [name, value] : fields(row)) {
      if (&row == rows.data()) heading.append(separator).append(name);
      lines.append(separator).append(value == "null" ? "" : value);
      separator = ",";
    }
    lines += "\n";
  }
  return heading + "\n" + lines;
}

}  // namespace fashion
