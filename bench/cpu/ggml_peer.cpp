// SPDX-License-Identifier: Apache-2.0
// bench/cpu/ggml_peer.cpp - ggml's CPU backend: f32 in, activations quantized at run time to Q8_0
// (blocks of 32, as the weights are), f32 out, which is what our layers do. Weights lie in the
// layout that ggml prefers for them: repacked where it has one for their type.
#include <cmath>
#include <cstdio>
#include <ggml-cpp.h>
#include <ggml-cpu.h>
#include <stdexcept>

#include "contestants.hpp"
#include "verification.hpp"

namespace qtl_bench {

namespace {

constexpr std::int64_t block = 32;  // of Q8_0 and Q4_0

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error("ggml: " + what);
}

// It tells of each weight that it repacks; only what went wrong is worth a line.
void log_trouble(ggml_log_level level, const char* text, void*) {
  if (level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

struct release_threads {
  void operator()(ggml_threadpool* threads) const { ggml_threadpool_free(threads); }
};

/// A backend that keeps its threads from call to call.
class ggml_cpu {
 public:
  explicit ggml_cpu(int threads) : backend_(ggml_backend_cpu_init()) {
    ggml_log_set(log_trouble, nullptr);
    require(backend_ != nullptr, "no CPU backend");
    ggml_threadpool_params parameters = ggml_threadpool_params_default(threads);
    threads_.reset(ggml_threadpool_new(&parameters));
    ggml_backend_cpu_set_n_threads(backend_.get(), threads);
    ggml_backend_cpu_set_threadpool(backend_.get(), threads_.get());
  }
  ggml_backend_t get() const { return backend_.get(); }

 private:
  std::unique_ptr<ggml_threadpool, release_threads> threads_;
  ggml_backend_ptr backend_;  // first to go
};

/// Descriptions of tensors, whose numbers lie in buffers, and of one graph.
ggml_context_ptr make_context(std::int64_t tensors) {
  const std::size_t size =
      ggml_tensor_overhead() * static_cast<std::size_t>(tensors) + ggml_graph_overhead();
  ggml_context_ptr context(ggml_init({size, nullptr, true}));
  require(context != nullptr, "no context");
  return context;
}

ggml_backend_buffer_ptr allocate(const ggml_context_ptr& context, ggml_backend_buffer_type_t type) {
  ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors_from_buft(context.get(), type));
  require(buffer != nullptr, "no memory");
  return buffer;
}

// Layouts of the CPU backend beyond the plain one, up to a null pointer.
ggml_backend_buffer_type_t* special_layouts() {
  const auto list =
      reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
          ggml_backend_cpu_reg(), "ggml_backend_dev_get_extra_bufts"));
  static ggml_backend_buffer_type_t none = nullptr;
  return list != nullptr ? list(ggml_backend_reg_dev_get(ggml_backend_cpu_reg(), 0)) : &none;
}

// The first layout in which the backend multiplies weights like these; else the plain one.
ggml_backend_buffer_type_t choose_layout(ggml_type type, const shape& s) {
  const ggml_context_ptr context = make_context(3);
  ggml_tensor* w = ggml_new_tensor_2d(context.get(), type, s.k, s.n);
  ggml_tensor* x = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, s.k, s.m);
  const ggml_tensor* product = ggml_mul_mat(context.get(), w, x);
  for (ggml_backend_buffer_type_t* layout = special_layouts(); *layout != nullptr; ++layout) {
    const ggml_backend_buffer_ptr empty(ggml_backend_buft_alloc_buffer(*layout, 0));
    w->buffer = empty.get();
    if (ggml_backend_dev_supports_op(ggml_backend_reg_dev_get(ggml_backend_cpu_reg(), 0), product))
      return *layout;
  }
  return ggml_backend_cpu_buffer_type();
}

/// Rows in one of ggml's formats, as its own quantizer makes them.
class quantized_rows {
 public:
  quantized_rows(ggml_type type, const qtl::matrix<float>& m)
      : type_(type), cols_(m.cols()), row_bytes_(ggml_row_size(type, m.cols())),
        bytes_(row_bytes_ * static_cast<std::size_t>(m.rows())) {
    ggml_quantize_chunk(type, m.data(), bytes_.data(), 0, m.rows(), m.cols(), nullptr);
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  std::vector<float> row(std::int64_t i) const {
    std::vector<float> reals(static_cast<std::size_t>(cols_));
    ggml_get_type_traits(type_)->to_float(bytes_.data() + static_cast<std::size_t>(i) * row_bytes_,
                                          reals.data(), cols_);
    return reals;
  }

 private:
  ggml_type type_;
  std::int64_t cols_;
  std::size_t row_bytes_;
  std::vector<std::byte> bytes_;
};

/// One multiplication as a graph; the weights that it reads are exchanged before each run.
class ggml_product final : public contestant {
 public:
  ggml_product(const char* name, ggml_type type, const problem& p)
      : name_(name), problem_(p), cpu_(p.executor.threads()), w_(type, p.w),
        weight_context_(make_context(copies())), context_(make_context(2)) {
    const shape s = p.extents();
    layout_ = choose_layout(type, s);
    for (std::int64_t i = 0; i < copies(); ++i)
      weights_.push_back(ggml_new_tensor_2d(weight_context_.get(), type, s.k, s.n));
    weight_buffer_ = allocate(weight_context_, layout_);
    for (ggml_tensor* w : weights_)
      ggml_backend_tensor_set(w, w_.bytes().data(), 0, w_.bytes().size());

    ggml_tensor* x = ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, s.k, s.m);
    product_ = ggml_mul_mat(context_.get(), weights_[0], x);
    graph_ = ggml_new_graph(context_.get());
    ggml_build_forward_expand(graph_, product_);
    buffer_ = allocate(context_, ggml_backend_cpu_buffer_type());
    ggml_backend_tensor_set(x, p.x.data(), 0, ggml_nbytes(x));
  }

  contestant_info info() const override {
    return {name_, std::string("mul_mat, ") + ggml_backend_buft_name(layout_), peak_kind::int8,
            true, std::ssize(w_.bytes())};
  }
  void run(std::int64_t turn) override {
    product_->src[0] = weights_[static_cast<std::size_t>(turn) % weights_.size()];
    const ggml_status status = ggml_backend_graph_compute(cpu_.get(), graph_);
    require(status == GGML_STATUS_SUCCESS, ggml_status_to_string(status));
  }
  // The product of what both operands are after ggml's quantizers, in double. Allowed: f32 sums in
  // any order, and two codes of x rounded the other way, because run time has a quantizer of its
  // own.
  std::string find_error() const override {
    const quantized_rows x(GGML_TYPE_Q8_0, problem_.x);
    const qtl::matrix_view<const float> y(ggml_get_data_f32(product_), problem_.x.rows(),
                                          problem_.w.rows());
    return find_wrong_output(
        y, [&](std::int64_t i, std::int64_t j) { return expected(x.row(i), w_.row(j)); });
  }

 private:
  std::int64_t copies() const { return problem_.copies(std::ssize(w_.bytes())); }

  static expectation expected(const std::vector<float>& x, const std::vector<float>& w) {
    double sum = 0;
    double magnitude = 0;
    double one_code = 0;
    for (std::size_t first = 0; first < x.size(); first += block) {
      double largest_x = 0;
      double largest_w = 0;
      for (std::size_t c = first; c < first + block; ++c) {
        const double term = static_cast<double>(x[c]) * static_cast<double>(w[c]);
        sum += term;
        magnitude += std::fabs(term);
        largest_x = std::fmax(largest_x, std::fabs(static_cast<double>(x[c])));
        largest_w = std::fmax(largest_w, std::fabs(static_cast<double>(w[c])));
      }
      one_code = std::fmax(one_code, largest_x / 127 * largest_w);
    }
    return {sum, static_cast<double>(x.size() + 2) * std::ldexp(magnitude, -23) + 2 * one_code};
  }

  const char* name_;
  problem problem_;
  ggml_cpu cpu_;
  quantized_rows w_;
  ggml_context_ptr weight_context_, context_;
  ggml_backend_buffer_type_t layout_ = nullptr;
  ggml_backend_buffer_ptr weight_buffer_, buffer_;
  std::vector<ggml_tensor*> weights_;
  ggml_tensor* product_ = nullptr;
  ggml_cgraph* graph_ = nullptr;
};

std::unique_ptr<contestant> make(const char* name, ggml_type type, const problem& p) {
  require(p.x.cols() % block == 0, "k is " + std::to_string(p.x.cols()) +
                                       ", expected a multiple of " + std::to_string(block));
  return std::make_unique<ggml_product>(name, type, p);
}

}  // namespace

std::unique_ptr<contestant> make_ggml_q8_0(const problem& p) {
  return make("ggml q8_0 layer", GGML_TYPE_Q8_0, p);
}
std::unique_ptr<contestant> make_ggml_q4_0(const problem& p) {
  return make("ggml q4_0 layer", GGML_TYPE_Q4_0, p);
}

std::string ggml_name() {
  return std::string("ggml ") + ggml_version() + ", commit " + ggml_commit();
}

}  // namespace qtl_bench
