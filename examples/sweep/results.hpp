// SPDX-License-Identifier: Apache-2.0
// examples/sweep/results.hpp - the rows of a sweep, and the file that a later run goes on from.
// Holds: sweep_row, row_index, run_identity, run_results; to and from JSON, to CSV. A number that is unknown is NaN here, null in
// JSON, empty in CSV and "-" in tables.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace sweep {

/// What one method made of one layer under one policy.
struct sweep_row {
  std::string layer;
  std::string policy;
  std::string method;
  std::int64_t weights = 0;      ///< elements of the layer's weight
  double bits_per_weight = NAN;  ///< scales and zero points included
  double weight_sqnr_db = NAN;
  double output_error = NAN;  ///< relative, on inputs that the method did not see
  double seen_error = NAN;    ///< relative, on those that it saw
  double seconds = NAN;       ///< that the method took, on one thread
  std::string note;           ///< what the method said; why there are no numbers
};

/// Rows by layer, policy and method. Borrows them.
class row_index {
 public:
  explicit row_index(std::span<const sweep_row> rows) {
    for (const sweep_row& row : rows) rows_.emplace(key(row.layer, row.policy, row.method), &row);
  }
  /// Null where there is none.
  const sweep_row* find(std::string_view layer, std::string_view policy,
                        std::string_view method) const {
    const auto at = rows_.find(key(layer, policy, method));
    return at == rows_.end() ? nullptr : at->second;
  }

 private:
  using key = std::tuple<std::string_view, std::string_view, std::string_view>;
  std::map<key, const sweep_row*> rows_;
};

/// A file by name and content.
struct file_identity {
  std::string name;  ///< without its folder; empty: there is none
  std::int64_t bytes = 0;
  std::string hash;  ///< FNV-1a of the bytes, 64 bits in hexadecimal
};

/// Reads the whole file. Throws qtl::error.
file_identity identify(const std::string& path);

/// What must agree for rows of two runs to stand in one table.
struct run_identity {
  file_identity model;
  file_identity inputs;
  int samples = 0;
  int seed = 0;
};

struct run_results {
  run_identity identity;
  std::vector<sweep_row> rows;
};

/// One row a line.
std::string to_json(const run_results& results);
std::string to_csv(std::span<const sweep_row> rows);

/// What `path` holds; no rows where there is no such file. Throws for a file that is not of this
/// kind, and common::usage_error, naming field and values, for one of another identity.
std::vector<sweep_row> rows_to_resume(const std::string& path, const run_identity& identity);

}  // namespace sweep
