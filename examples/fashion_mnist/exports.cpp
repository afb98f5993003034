// SPDX-License-Identifier: Apache-2.0
#include "exports.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "qtl/io/policy_json.hpp"

namespace fashion {
namespace {

// A number with all that matters of it; JSON knows no infinity, so that becomes null.
std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string quoted(const std::string& text) {
  qtl::io::json_writer json;
  json.string(text);
  return json.take();
}

/// A row by names, the values as JSON writes them.
std::vector<std::pair<std::string_view, std::string>> fields(const table_row& row) {
  return {
      {"policy", quoted(row.policy)},
      {"description", quoted(row.description)},
      {"bits_per_weight", number(row.bits_per_weight)},
      {"bytes", std::to_string(row.bytes)},
      {"sqnr_db", number(row.sqnr_db)},
      {"top1", number(row.accuracy)},
      {"kernel", quoted(row.kernels)},
      {"milliseconds", number(row.milliseconds)},
      {"speed", number(row.speed)},
      {"reload_identical", row.identical ? "true" : "false"},
  };
}

}  // namespace

std::string to_json(std::span<const table_row> rows, const options& o, std::int64_t images) {
  std::string text = "{\n";
  const auto add = [&](const char* name, const std::string& value) {
    text.append("\"").append(name).append("\": ").append(value).append(",\n");
  };
  add("qtl_version", std::to_string(QTL_VERSION));
  add("compiler", quoted(__VERSION__));
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

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace fashion
