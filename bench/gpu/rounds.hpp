// SPDX-License-Identifier: Apache-2.0
// bench/gpu/rounds.hpp - contestants timed in turn, round by round, steady and cool.
// Holds: regime, outcome, effort, run_rounds, spread.
#pragma once

#include <string>
#include <vector>

#include "contestant.hpp"
#include "telemetry.hpp"

namespace qtl_bench {

/// Back to back, or with an idle gap before each sample: chips slow down as they grow warm.
enum class regime { steady, cool };

constexpr const char* to_string(regime r) { return r == regime::steady ? "steady" : "cool"; }

struct effort {
  int rounds = 15;
  double warm_up = 3.0;     ///< seconds before the first round of a run
  double case_warm = 0.3;   ///< seconds before the first round of every other case
  double idle_gap = 0.010;  ///< seconds before each sample of the cool regime
};

/// What one contestant took: seconds of one launch, round by round.
struct outcome {
  contestant_info info;
  std::string error;  ///< why it was not timed; empty where it was
  int launches = 0;   ///< of a sample
  int sets = 0;       ///< of operands
  std::vector<double> steady, cool;

  const std::vector<double>& samples(regime r) const { return r == regime::steady ? steady : cool; }
  double seconds(regime r) const;
};

/// The median of some figures and the bounds of their middle four fifths.
struct spread {
  double p10 = 0, median = 0, p90 = 0;
};
spread spread_of(std::vector<double> values);

/// Other's time / ours, round by round: above 1 we are faster.
spread ratio(const outcome& ours, const outcome& other, regime r);
/// The same with the fastest of all peers, by their medians; zeros without peers.
spread ratio_to_fastest(const outcome& ours, const std::vector<outcome>& all, regime r);

struct case_outcomes {
  std::vector<outcome> outcomes;
  chip_state state;  ///< while the steady rounds ran
};

/// Verifies and times. Who refuses or is wrong gets an error and no samples.
case_outcomes run_rounds(std::vector<made>& contestants, const effort& e, double warm_up,
                         telemetry& chip);

}  // namespace qtl_bench
