// SPDX-License-Identifier: Apache-2.0
// tests/gpu/coverage.hpp - what kernels were run with, and what of it is missing.
// Holds: coverage, note_run, coverage_of, rows_of, coverage_gaps. Those who run a kernel and have seen every byte of its
// output written note it down; nobody lists by hand what a test covers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "qtl/gemm/activation_function.hpp"
#include "qtl/gpu/epilogue/params.cuh"
#include "qtl/gpu/ptx/target.cuh"
#if QTL_GPU_EMULATED
#include "qtl/gpu/ptx/emulated.hpp"
#endif

#include "gpu/covering.hpp"

namespace qtl_test {

/// The numbers of rows at which something changes in some kernel.
inline constexpr std::int64_t covered_rows[] = {1, 2, 15, 16, 17, 63, 64, 65, 130};
inline constexpr qtl::activation_function covered_functions[] = {
    qtl::activation_function::none, qtl::activation_function::relu, qtl::activation_function::gelu,
    qtl::activation_function::silu, qtl::activation_function::gelu_tanh};
/// Outputs of kernels that sum integers; those that sum floats have all but the first.
inline constexpr qtl::gpu::stored_as covered_outputs[] = {
    qtl::gpu::stored_as::s32, qtl::gpu::stored_as::f32, qtl::gpu::stored_as::f16,
    qtl::gpu::stored_as::bf16, qtl::gpu::stored_as::codes};

/// One run of a kernel.
struct noted_run {
  std::int64_t m, n, k;
  qtl::gpu::stored_as kind;
  qtl::activation_function function;
  std::uint64_t seed;

  auto key() const { return std::tuple(m, n, k, kind, function, seed); }
  friend bool operator<(const noted_run& a, const noted_run& b) { return a.key() < b.key(); }
};

/// The runs of every kernel of this program, by name.
inline std::map<std::string, std::set<noted_run>, std::less<>>& coverage() {
  static std::map<std::string, std::set<noted_run>, std::less<>> runs;
  return runs;
}

/// For those who have run a kernel with this epilogue and seen its output written.
inline void note_run(std::string_view kernel, const qtl::gpu::epilogue_params& e) {
  std::uint64_t seed = 1;
#if QTL_GPU_EMULATED
  seed = qtl::gpu::emulated::current_settings().seed;
#endif
  const auto function = e.kind == qtl::gpu::stored_as::s32 ? qtl::activation_function::none
                                                           : e.function;  // sums have none
  coverage()[std::string(kernel)].insert({e.m, e.n, e.k, e.kind, function, seed});
}

/// How much of what a kernel can be asked for it must have been asked for.
enum class coverage_of {
  pairs,   ///< every m with every output and function, all of these under every seed
  product  ///< every m with every output with every function under every seed
};

/// Seeds of the emulator; a GPU has its own.
constexpr std::uint64_t covered_seeds(coverage_of how) {
  if (!QTL_GPU_EMULATED) return 1;
  return how == coverage_of::pairs ? 5 : 3;
}

/// Test cases that are enough; `combined` are the factors that coverage_of::product speaks of.
inline std::vector<factor_row> rows_of(coverage_of how, const factor_levels& levels,
                                       const std::vector<int>& combined) {
  return how == coverage_of::pairs ? covering_rows(levels).rows()
                                   : combined_rows(levels, combined).rows();
}

/// What is looked for among the runs of one kernel.
class coverage_gaps {
 public:
  /// `sums_integers`: the kernel can also store its sums.
  coverage_gaps(std::string_view kernel, bool sums_integers, coverage_of how)
      : runs_(runs_of(kernel)), first_output_(sums_integers ? 0 : 1), seeds_(covered_seeds(how)) {
    if (how == coverage_of::product)
      each_run([&](const noted_run& r) { expect(r, {true, true, true, true}); });
    else
      each_run([&](const noted_run& r) {
        expect(r, {true, true, false, false});
        expect(r, {true, false, true, false});
        expect(r, {false, true, true, false});
        expect(r, {true, false, false, true});
        expect(r, {false, true, false, true});
        expect(r, {false, false, true, true});
      });
    expect_tails();
  }

  /// One line for each thing that never ran; empty where there is none.
  const std::string& text() const { return text_; }

 private:
  /// Which members of a run are asked for.
  struct members {
    bool m, kind, function, seed;
  };

  static const std::set<noted_run>& runs_of(std::string_view kernel) {
    static const std::set<noted_run> none;
    const auto found = coverage().find(kernel);
    return found == coverage().end() ? none : found->second;
  }

  // Every combination; sums have no function.
  template<class F>
  void each_run(F&& f) const {
    for (const std::int64_t m : covered_rows)
      for (std::size_t o = first_output_; o < std::size(covered_outputs); ++o)
        for (const qtl::activation_function function : covered_functions) {
          const bool is_sum = covered_outputs[o] == qtl::gpu::stored_as::s32;
          if (is_sum && function != qtl::activation_function::none) continue;
          for (std::uint64_t seed = 1; seed <= seeds_; ++seed)
            f(noted_run{m, 0, 0, covered_outputs[o], function, seed});
        }
  }

  void expect(const noted_run& wanted, const members& asked) {
    std::string what;
    if (asked.m) what += " m " + std::to_string(wanted.m);
    if (asked.kind) what += " output " + std::to_string(static_cast<int>(wanted.kind));
    if (asked.function) what += " " + std::string(to_string(wanted.function));
    if (asked.seed) what += " seed " + std::to_string(wanted.seed);
    if (!asked_.insert(what).second) return;
    const bool ran = std::any_of(runs_.begin(), runs_.end(), [&](const noted_run& r) {
      return (!asked.m || r.m == wanted.m) && (!asked.kind || r.kind == wanted.kind) &&
             (!asked.function || r.function == wanted.function) &&
             (!asked.seed || r.seed == wanted.seed);
    });
    if (!ran) text_ += "never ran:" + what + "\n";
  }

  void expect_tails() {
    const auto expect_some = [&](const char* what, auto&& holds) {
      if (std::none_of(runs_.begin(), runs_.end(), holds))
        text_ += std::string("never ran: ") + what + "\n";
    };
    expect_some("n 1", [](const noted_run& r) { return r.n == 1; });
    expect_some("k 1", [](const noted_run& r) { return r.k == 1; });
    expect_some("odd n above 64", [](const noted_run& r) { return r.n > 64 && r.n % 2 != 0; });
    expect_some("odd k above 128", [](const noted_run& r) { return r.k > 128 && r.k % 2 != 0; });
  }

  const std::set<noted_run>& runs_;
  std::size_t first_output_;
  std::uint64_t seeds_;
  std::set<std::string> asked_;
  std::string text_;
};

}  // namespace qtl_test
