// SPDX-License-Identifier: Apache-2.0
#include "results.hpp"

#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "qtl/io/json_fields.hpp"
#include "qtl/io/mapped_file.hpp"

#include "../common/command_line.hpp"
#include "../common/json_text.hpp"

namespace sweep {
namespace {

using common::json_number;
using common::json_quoted;
using qtl::io::json_field;
using named_values = std::vector<std::pair<std::string_view, std::string>>;

/// A row by names, the values as JSON writes them.
named_values fields(const sweep_row& row) {
  return {
      {"layer", json_quoted(row.layer)},
      {"policy", json_quoted(row.policy)},
      {"method", json_quoted(row.method)},
      {"weights", std::to_string(row.weights)},
      {"bits_per_weight", json_number(row.bits_per_weight)},
      {"weight_sqnr_db", json_number(row.weight_sqnr_db)},
      {"output_error", json_number(row.output_error)},
      {"seen_error", json_number(row.seen_error)},
      {"seconds", json_number(row.seconds)},
      {"note", json_quoted(row.note)},
  };
}

/// The identity by the paths that its fields have in the file.
named_values fields(const run_identity& identity) {
  named_values all{{"version", "1"}};
  const auto add_file = [&](std::string_view name, const file_identity& file) {
    const std::string hash = json_quoted(file.hash);
    all.emplace_back(name, file.name.empty() ? "null"
                                             : "{\"name\": " + json_quoted(file.name) +
                                                   ", \"bytes\": " + std::to_string(file.bytes) +
                                                   ", \"fnv1a\": " + hash + "}");
  };
  add_file("model", identity.model);
  add_file("inputs", identity.inputs);
  all.emplace_back("samples", std::to_string(identity.samples));
  all.emplace_back("seed", std::to_string(identity.seed));
  return all;
}

std::string object_text(const named_values& values, std::string_view separator) {
  std::string text;
  for (const auto& [name, value] : values) {
    if (!text.empty()) text += separator;
    text.append("\"").append(name).append("\": ").append(value);
  }
  return text;
}

std::runtime_error malformed(const std::string& path, const std::string& why) {
  return std::runtime_error("--resume: " + path + " is not a table of a sweep: " + why);
}

/// The values of a result file by their paths: "samples", "model.fnv1a", "rows.3.layer".
class field_map {
 public:
  explicit field_map(const std::string& path) : path_(path) {
    const auto file = qtl::value_or_throw(qtl::io::mapped_file::open(path));
    const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                                file.bytes().size());
    qtl::io::json_field_collector collector;
    const qtl::status s = qtl::io::parse_json(text, collector, {.max_depth = 4});
    if (!s.ok()) throw malformed(path, std::string(s.message.view()));
    for (json_field& field : collector.fields) {
      std::string name = field.path;
      fields_.emplace(std::move(name), std::move(field));
    }
  }

  const json_field* find(const std::string& name) const {
    const auto at = fields_.find(name);
    return at == fields_.end() ? nullptr : &at->second;
  }
  std::string text(const std::string& name) const {
    return need(name, json_field::type::text).text;
  }
  std::int64_t whole(const std::string& name) const {
    return need(name, json_field::type::whole).whole;
  }
  double real_or_null(const std::string& name) const {
    const json_field* field = find(name);
    if (field != nullptr && field->kind == json_field::type::null) return NAN;
    if (field != nullptr && field->kind == json_field::type::whole) return field->real;
    return need(name, json_field::type::real).real;
  }

 private:
  const json_field& need(const std::string& name, json_field::type kind) const {
    const json_field* field = find(name);
    if (field == nullptr || field->kind != kind)
      throw malformed(path_, "'" + name + "' is missing or of the wrong kind");
    return *field;
  }

  std::string path_;
  std::map<std::string, json_field> fields_;
};

/// As fields(run_identity) writes it.
file_identity read_file_identity(const field_map& file, const std::string& name) {
  const json_field* whole = file.find(name);
  if (whole != nullptr && whole->kind == json_field::type::null) return {};
  return {file.text(name + ".name"), file.whole(name + ".bytes"), file.text(name + ".fnv1a")};
}

sweep_row read_row(const field_map& file, const std::string& at) {
  return {file.text(at + "layer"),
          file.text(at + "policy"),
          file.text(at + "method"),
          file.whole(at + "weights"),
          file.real_or_null(at + "bits_per_weight"),
          file.real_or_null(at + "weight_sqnr_db"),
          file.real_or_null(at + "output_error"),
          file.real_or_null(at + "seen_error"),
          file.real_or_null(at + "seconds"),
          file.text(at + "note")};
}

/// Throws where a field of the two identities differs. The name of a file may: it can be moved.
void check_same(const std::string& path, const run_identity& here, const run_identity& there) {
  const auto compare = [&](std::string_view what, const std::string& ours,
                           const std::string& theirs) {
    if (ours != theirs)
      throw common::usage_error("--resume: " + path + " was made with " + std::string(what) + " " +
                                theirs + ", this run has " + ours);
  };
  const auto content = [](const file_identity& f) {
    return f.name.empty() ? std::string("none")
                          : f.name + " (" + std::to_string(f.bytes) + " bytes, " + f.hash + ")";
  };
  const auto compare_files = [&](std::string_view what, const file_identity& ours,
                                 const file_identity& theirs) {
    if (ours.bytes == theirs.bytes && ours.hash == theirs.hash) return;
    compare(what, content(ours), content(theirs));
  };
  compare_files("model", here.model, there.model);
  compare_files("inputs", here.inputs, there.inputs);
  compare("samples", std::to_string(here.samples), std::to_string(there.samples));
  compare("seed", std::to_string(here.seed), std::to_string(there.seed));
}

}  // namespace

file_identity identify(const std::string& path) {
  const auto file = qtl::value_or_throw(qtl::io::mapped_file::open(path));
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325u;
  for (const std::byte b : file.bytes())
    hash = (hash ^ std::to_integer<std::uint64_t>(b)) * 0x100'0000'01B3u;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return {std::filesystem::path(path).filename().string(),
          static_cast<std::int64_t>(file.bytes().size()), digits};
}

std::string to_json(const run_results& results) {
  std::string text = "{\n" + object_text(fields(results.identity), ",\n") + ",\n\"rows\": [";
  for (const sweep_row& row : results.rows)
    text +=
        (&row == results.rows.data() ? "\n  {" : ",\n  {") + object_text(fields(row), ", ") + "}";
  return text + "\n]\n}\n";
}

std::string to_csv(std::span<const sweep_row> rows) {
  std::string heading;
  for (const auto& [name, value] : fields(sweep_row{}))
    heading += (heading.empty() ? "" : ",") + std::string(name);
  std::string lines;
  for (const sweep_row& row : rows) {
    std::string_view separator;
    for (const auto& [name, value] : fields(row)) {
      lines.append(separator).append(value == "null" ? "" : value);
      separator = ",";
    }
    lines += "\n";
  }
  return heading + "\n" + lines;
}

std::vector<sweep_row> rows_to_resume(const std::string& path, const run_identity& identity) {
  std::vector<sweep_row> rows;
  if (!std::filesystem::exists(path)) return rows;
  const field_map file(path);
  if (const std::int64_t version = file.whole("version"); version != 1)
    throw malformed(path, "the version is " + std::to_string(version) + ", expected 1");
  check_same(path, identity,
             {read_file_identity(file, "model"), read_file_identity(file, "inputs"),
              static_cast<int>(file.whole("samples")), static_cast<int>(file.whole("seed"))});
  for (std::size_t i = 0; file.find("rows." + std::to_string(i) + ".layer") != nullptr; ++i)
    rows.push_back(read_row(file, "rows." + std::to_string(i) + "."));
  return rows;
}

}  // namespace sweep
