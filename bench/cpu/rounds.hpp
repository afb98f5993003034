// SPDX-License-Identifier: Apache-2.0
// bench/cpu/rounds.hpp - contestants timed in turn, round by round, each sample between two
// calibrations.
// Holds: sample, outcome, run_rounds, and the medians that tables and files show.
#pragma once

#include <string>
#include <vector>

#include "calibration.hpp"
#include "contestant.hpp"

namespace qtl_bench {

struct sample {
  double seconds = 0;  ///< of one run
  peaks around;        ///< the mean of what was measured before and after
};

struct outcome {
  contestant_info info;
  std::string error;  ///< why it was not timed; empty where it was
  std::vector<sample> samples;

  double seconds() const;
  double percent_of_peak(const shape& s) const;
  /// Bytes per second: packed weights, f32 activations and results, each counted once.
  double bandwidth(const shape& s) const;
  double percent_of_dram(const shape& s) const;
};

/// The median over rounds of other's time / ours: above 1 we are faster.
double ratio(const outcome& ours, const outcome& other);
/// The same with whichever peer was the fastest of the round; 0 without peers.
double ratio_to_fastest(const outcome& ours, const std::vector<outcome>& all);

struct effort {
  int samples = 11;
  double seconds = 0.015;  ///< at least, for each sample
};

/// Makes, verifies and times. A contestant that refuses or is wrong has an error and no samples.
std::vector<outcome> run_rounds(const problem& p, const std::vector<make_contestant>& makers,
                                calibrator& machine, const effort& e);

}  // namespace qtl_bench
