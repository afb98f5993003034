// SPDX-License-Identifier: Apache-2.0
// bench/gpu/cublaslt_peer.cpp - cuBLASLt as a contestant: s8 to s32 (it has no scales per row and
// column), e4m3 to bf16 with one scale a side, one a row, or one a block, and bf16 to bf16. Every
// algorithm that its heuristics return is timed, and the fastest takes part. Scales of rows and
// blocks are all the same number: where they lie then does not matter, and time does not depend on
// what they are.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "contestants.hpp"
#include "cublaslt_library.hpp"
#include "data.hpp"

namespace qtl_bench {

namespace {

constexpr std::size_t workspace_bytes = std::size_t{64} << 20;
constexpr int most_algorithms = 128;

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw std::runtime_error(std::string(call) + ": status " + std::to_string(status));
}

/// Who shares a scale.
enum class scaling { none, side, row, block };

/// What one kind of product is made of.
struct kind {
  const char* name;
  cudaDataType_t input;
  cudaDataType_t output;
  cublasComputeType_t compute;
  cudaDataType_t scale;
  int input_bytes;
  int output_bytes;
  scaling scales = scaling::none;
};

constexpr kind int8_kind{"cublaslt s8 to s32", CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I,
                         CUDA_R_32I,           1,         4};
constexpr kind fp8(const char* name, scaling scales) {
  return {name, CUDA_R_8F_E4M3, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 1, 2, scales};
}
constexpr kind fp8_kind = fp8("cublaslt e4m3", scaling::side);
constexpr kind fp8_rows_kind = fp8("cublaslt e4m3 rows", scaling::row);
constexpr kind fp8_blocks_kind = fp8("cublaslt e4m3 blocks", scaling::block);
constexpr kind bf16_kind{
    "cublaslt bf16", CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 2, 2};

/// How cuBLASLt calls it, for weights and for activations.
struct scale_modes {
  cublasLtMatmulMatrixScale_t w, x;
};
constexpr scale_modes modes_of(scaling s) {
  if (s == scaling::row)
    return {CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F, CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F};
  if (s == scaling::block)
    return {CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F, CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F};
  return {CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F, CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F};
}

/// The most scales of a side of so many rows: padding included.
constexpr std::int64_t scale_count(scaling s, std::int64_t rows, std::int64_t k) {
  if (s == scaling::row) return rows;
  return s == scaling::block ? (rows + 3) / 4 * 4 * ((k + 127) / 128 + 3) : 1;
}

/// One side's drawn rows: as bytes for the device, as numbers for the check.
struct side {
  qtl::matrix<float> values;
  std::vector<std::byte> bytes;
  float scale = 1.0f;
};

template<class P>
side quantized_side(const qtl::matrix<float>& x) {
  const auto q = qtl::quantize<P>(x.view());
  const auto view = q.view();
  side s{qtl::value_or_throw(qtl::matrix<float>::make(x.rows(), x.cols())), {}, q.scale_at(0, 0)};
  s.bytes.assign(view.codes, view.codes + view.layout.code_bytes);
  const qtl::element_reader reader = qtl::reader_of<typename P::format>();
  for (std::int64_t i = 0; i < x.rows(); ++i)
    reader.read(view.codes + i * view.layout.row_bytes, 0, x.cols(),
                s.values.data() + i * x.cols());
  return s;
}

side bf16_side(qtl::matrix<float> x) {
  const std::vector<std::uint16_t> codes = encode_all<qtl::bf16>(x);
  const auto bytes = std::as_bytes(std::span(codes));
  round_all<qtl::bf16>(x);
  return {std::move(x), {bytes.begin(), bytes.end()}, 1.0f};
}

side make_side(const kind& k, const qtl::matrix<float>& x) {
  if (k.input == CUDA_R_8I)
    return quantized_side<qtl::policy<qtl::s8, qtl::symmetric, qtl::per_tensor>>(x);
  if (k.input == CUDA_R_8F_E4M3)
    return quantized_side<qtl::policy<qtl::e4m3, qtl::symmetric, qtl::per_tensor>>(x);
  return bf16_side(qtl::value_or_throw(x.clone()));
}

/// Descriptions that live as long as a contestant. Column by column, as cuBLASLt sees it, our
/// row-major y = x W^T is y^T (n x m) = W (n x k, transposed in memory) times x^T (k x m).
class description {
 public:
  description(const kind& k, const shape& s, const void* scale_w, const void* scale_x) {
    const auto& lt = cublaslt_library::get();
    const auto n = static_cast<std::uint64_t>(s.n);
    const auto m = static_cast<std::uint64_t>(s.m);
    const auto depth = static_cast<std::uint64_t>(s.k);
    check(lt.create_description(&product, k.compute, k.scale), "cublasLtMatmulDescCreate");
    set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    set(CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
    if (k.scales != scaling::none) {
      set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, modes_of(k.scales).w);
      set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, modes_of(k.scales).x);
      set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scale_w);
      set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scale_x);
      if (k.scales != scaling::block)  // its fastest, as others use it; blocks are promoted
        set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, std::int8_t{1});
    }
    check(lt.create_layout(&w, k.input, depth, n, s.k), "cublasLtMatrixLayoutCreate");
    check(lt.create_layout(&x, k.input, depth, m, s.k), "cublasLtMatrixLayoutCreate");
    check(lt.create_layout(&y, k.output, n, m, s.n), "cublasLtMatrixLayoutCreate");
  }
  ~description() {
    const auto& lt = cublaslt_library::get();
    for (cublasLtMatrixLayout_t layout : {w, x, y})
      if (layout != nullptr) lt.destroy_layout(layout);
    if (product != nullptr) lt.destroy_description(product);
  }
  description(const description&) = delete;
  description& operator=(const description&) = delete;

  std::vector<cublasLtMatmulHeuristicResult_t> algorithms() const {
    const auto& lt = cublaslt_library::get();
    cublasLtMatmulPreference_t preference = nullptr;
    check(lt.create_preference(&preference), "cublasLtMatmulPreferenceCreate");
    lt.set_preference(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes,
                      sizeof workspace_bytes);
    std::vector<cublasLtMatmulHeuristicResult_t> found(most_algorithms);
    int count = 0;
    const cublasStatus_t status = lt.heuristic(lt.handle, product, w, x, y, y, preference,
                                               most_algorithms, found.data(), &count);
    lt.destroy_preference(preference);
    check(status, "cublasLtMatmulAlgoGetHeuristic");
    found.resize(static_cast<std::size_t>(count));
    return found;
  }

  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t w = nullptr, x = nullptr, y = nullptr;

 private:
  template<class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check(cublaslt_library::get().set_description(product, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
};

class cublaslt_product : public contestant {
 public:
  cublaslt_product(const kind& k, const shape& s)
      : kind_(k), s_(s), w_side_(make_side(k, uniform_matrix(period(s.n, feature_period), s.k, 2))),
        x_side_(make_side(k, uniform_matrix(period(s.m, token_period), s.k, 1))) {
    const std::int64_t row_bytes = s.k * k.input_bytes;
    input_bytes_ = (s.m + s.n) * row_bytes;
    sets_ = set_count(input_bytes_, qtl::value_or_throw(qtl::gpu_backend::facts()));
    const auto place = [&](const side& from, std::int64_t rows) {
      return upload(repeat_rows(from.bytes.data(), from.values.rows(), rows, row_bytes), sets_);
    };
    weights_ = place(w_side_, s.n);
    tokens_ = place(x_side_, s.m);
    for (int i = 0; i < sets_; ++i) outputs_.push_back(poisoned(s.m * s.n * k.output_bytes));
    workspace_ =
        qtl::value_or_throw(device_bytes::make(static_cast<std::int64_t>(workspace_bytes)));
    for (const auto& [value, rows] :
         {std::pair{w_side_.scale, s.n}, std::pair{x_side_.scale, s.m}}) {
      const std::vector<float> scales(static_cast<std::size_t>(scale_count(k.scales, rows, s.k)),
                                      value);
      scales_.push_back(std::move(upload(std::as_bytes(std::span(scales)), 1)[0]));
    }
    description_.emplace(k, s, scales_[0].data(), scales_[1].data());
    choose_algorithm();
  }

  contestant_info info() const override {
    contestant_info i;
    i.name = kind_.name;
    i.detail = detail_;
    i.bytes = static_cast<double>(input_bytes_ + s_.m * s_.n * kind_.output_bytes);
    return i;
  }
  int sets() const override { return sets_; }

  void enqueue(int turn) override { check(run(turn, algorithm_), "cublasLtMatmul"); }
  void poison() override { poison_again(outputs_[0]); }

  std::string find_error() override {
    std::vector<std::byte> y(static_cast<std::size_t>(outputs_[0].size()));
    qtl::throw_if_failed(outputs_[0].download(y, main_stream()));
    return check_periodic(
        expected(), s_.m, s_.n,
        [&](std::int64_t i) {
          return kind_.output == CUDA_R_32I
                     ? static_cast<float>(qtl::load_unaligned<std::int32_t>(y.data(), i))
                     : qtl::bf16::decode(qtl::load_unaligned<std::uint16_t>(y.data(), i));
        },
        [&](float want) {
          if (kind_.output == CUDA_R_32I) return 0.0f;
          return std::fabs(want) / 64.0f + std::sqrt(static_cast<float>(s_.k)) / 256.0f;
        });
  }

 private:
  cublasStatus_t run(int turn, const cublasLtMatmulAlgo_t& algorithm) {
    const auto& lt = cublaslt_library::get();
    const auto at = static_cast<std::size_t>(turn % sets_);
    const float one = 1.0f, zero = 0.0f;
    const std::int32_t whole_one = 1, whole_zero = 0;
    const bool whole = kind_.scale == CUDA_R_32I;
    return lt.matmul(lt.handle, description_->product,
                     whole ? static_cast<const void*>(&whole_one) : &one, weights_[at].data(),
                     description_->w, tokens_[at].data(), description_->x,
                     whole ? static_cast<const void*>(&whole_zero) : &zero, outputs_[at].data(),
                     description_->y, outputs_[at].data(), description_->y, &algorithm,
                     workspace_.data(), workspace_bytes, static_cast<cudaStream_t>(main_stream()));
  }

  // Three replays of ten launches each; the least of an algorithm's times counts.
  double seconds_of(const cublasLtMatmulAlgo_t& algorithm) {
    if (run(0, algorithm) != CUBLAS_STATUS_SUCCESS) return 0;
    qtl::throw_if_failed(qtl::gpu_backend::synchronize(main_stream()));
    const auto graph = record(10, [&](int turn) { check(run(turn, algorithm), "cublasLtMatmul"); });
    return std::min({graph->replay(), graph->replay(), graph->replay()});
  }

  void choose_algorithm() {
    const auto found = description_->algorithms();
    double best = 0;
    int timed = 0;
    for (const cublasLtMatmulHeuristicResult_t& candidate : found) {
      const double seconds = seconds_of(candidate.algo);
      if (seconds <= 0) continue;
      ++timed;
      if (best != 0 && seconds >= best) continue;
      best = seconds;
      algorithm_ = candidate.algo;
    }
    if (timed == 0) throw std::runtime_error("cuBLASLt has no algorithm for this shape");
    detail_ = "algorithm " + attribute(CUBLASLT_ALGO_CONFIG_ID) + ", tile " +
              attribute(CUBLASLT_ALGO_CONFIG_TILE_ID) + ", stages " +
              attribute(CUBLASLT_ALGO_CONFIG_STAGES_ID) + ": best of " + std::to_string(timed);
  }

  std::string attribute(cublasLtMatmulAlgoConfigAttributes_t which) {
    std::uint32_t value = 0;
    std::size_t written = 0;
    const cublasStatus_t status = cublaslt_library::get().algorithm_attribute(
        &algorithm_, which, &value, sizeof value, &written);
    return status == CUBLAS_STATUS_SUCCESS ? std::to_string(value) : "?";
  }

  // In double, which holds sums of 8-bit integers exactly.
  qtl::matrix<float> expected() const {
    const qtl::matrix<float>& x = x_side_.values;
    const qtl::matrix<float>& w = w_side_.values;
    auto y = qtl::value_or_throw(qtl::matrix<float>::make(x.rows(), w.rows()));
    const double scale = kind_.output == CUDA_R_32I ? 1.0 : double{x_side_.scale} * w_side_.scale;
    for (std::int64_t i = 0; i < x.rows(); ++i)
      for (std::int64_t j = 0; j < w.rows(); ++j) {
        double sum = 0;
        for (std::int64_t p = 0; p < s_.k; ++p) sum += double{x(i, p)} * w(j, p);
        y(i, j) = static_cast<float>(sum * scale);
      }
    return y;
  }

  kind kind_;
  shape s_;
  side w_side_, x_side_;
  std::int64_t input_bytes_ = 0;
  int sets_ = 2;
  std::vector<device_bytes> weights_, tokens_, outputs_, scales_;
  device_bytes workspace_;
  std::optional<description> description_;
  cublasLtMatmulAlgo_t algorithm_{};
  std::string detail_;
};

std::vector<made> one(const kind& k, const shape& s) {
  std::vector<made> all(1);
  all[0].name = k.name;
  all[0].refusal = cublaslt_library::get().missing;
  if (!all[0].refusal.empty()) return all;
  try {
    all[0].who = std::make_unique<cublaslt_product>(k, s);
  } catch (const std::exception& e) {
    all[0].refusal = e.what();
  }
  return all;
}

}  // namespace

std::vector<made> cublaslt_int8(const shape& s) { return one(int8_kind, s); }
std::vector<made> cublaslt_fp8(const shape& s) { return one(fp8_kind, s); }
std::vector<made> cublaslt_fp8_rows(const shape& s) { return one(fp8_rows_kind, s); }
std::vector<made> cublaslt_fp8_blocks(const shape& s) { return one(fp8_blocks_kind, s); }
std::vector<made> cublaslt_bf16(const shape& s) { return one(bf16_kind, s); }

std::string cublaslt_version() {
  const auto& lt = cublaslt_library::get();
  return lt.missing.empty() ? std::to_string(lt.version()) : "missing: " + lt.missing;
}

}  // namespace qtl_bench
