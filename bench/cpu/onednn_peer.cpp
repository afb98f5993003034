// SPDX-License-Identifier: Apache-2.0
// bench/cpu/onednn_peer.cpp - oneDNN 2.x or 3.x: f32, and int8 with activations that are quantized
// already. Weights are reordered once into whatever layout oneDNN asks for. Its int8 products do a
// little less than ours: one scale and zero point for all tokens, one zero point for all weights;
// per-channel scales are applied in both.
#include <omp.h>
#include <vector>

#include "contestants.hpp"
#include "integer_codes.hpp"
#include "onednn_api.hpp"
#include "verification.hpp"

namespace qtl_bench {

namespace {

using dnnl::memory;
using dnnl::primitive_attr;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// One matmul with f32 results, its packed weights in rotation.
class onednn_product {
 public:
  onednn_product(const problem& p, memory::data_type x_type, memory::data_type w_type,
                 const primitive_attr& attr, const void* x, const void* w)
      : stream_(cpu()) {
    const shape s = p.extents();
    omp_set_num_threads(p.executor.threads());
    y = qtl::value_or_throw(qtl::matrix<float>::make(s.m, s.n));
    const memory::desc x_desc({s.m, s.k}, x_type, memory::format_tag::ab);
    const memory::desc y_desc({s.m, s.n}, memory::data_type::f32, memory::format_tag::ab);
    const memory::desc any({s.k, s.n}, w_type, memory::format_tag::any);
    const memory::desc plain({s.k, s.n}, w_type, memory::format_tag::ba);
    descriptor_ = describe_matmul({x_desc, any, y_desc}, attr, cpu());
    matmul_ = dnnl::matmul(descriptor_);
    x_ = memory(x_desc, cpu(), const_cast<void*>(x));
    y_ = memory(y_desc, cpu(), y.data());
    memory given(plain, cpu(), const_cast<void*>(w));
    memory packed(descriptor_.weights_desc(), cpu());
    dnnl::reorder(given, packed).execute(stream_, given, packed);
    stream_.wait();
    weights_ = rotation(static_cast<const std::byte*>(packed.get_data_handle()), bytes(),
                        p.copies(bytes()));
    w_ = memory(descriptor_.weights_desc(), cpu(), weights_.at(0));
  }

  std::int64_t bytes() const {
    return static_cast<std::int64_t>(descriptor_.weights_desc().get_size());
  }
  std::string implementation() const { return descriptor_.impl_info_str(); }
  void give_scales(std::vector<float>& scales) { give_column_scales(arguments_, scales, cpu()); }
  void give_zero_point(int operand, std::int32_t& value) {
    const memory::desc one({1}, memory::data_type::s32, memory::format_tag::x);
    arguments_[DNNL_ARG_ATTR_ZERO_POINTS | operand] = memory(one, cpu(), &value);
  }
  void run(std::int64_t turn) {
    w_.set_data_handle(weights_.at(turn));
    arguments_[DNNL_ARG_SRC] = x_;
    arguments_[DNNL_ARG_WEIGHTS] = w_;
    arguments_[DNNL_ARG_DST] = y_;
    matmul_.execute(stream_, arguments_);
    stream_.wait();
  }

  qtl::matrix<float> y;

 private:
  dnnl::stream stream_;
  dnnl::matmul::primitive_desc descriptor_;
  dnnl::matmul matmul_;
  rotation weights_;
  memory x_, w_, y_;
  onednn_arguments arguments_;
};

class onednn_f32 final : public contestant {
 public:
  explicit onednn_f32(const problem& p)
      : problem_(p),
        product_(p, memory::data_type::f32, memory::data_type::f32, {}, p.x.data(), p.w.data()) {}

  contestant_info info() const override {
    return {"onednn f32", product_.implementation(), peak_kind::f32, true, product_.bytes()};
  }
  void run(std::int64_t turn) override { product_.run(turn); }
  std::string find_error() const override { return find_wrong_product(problem_, product_.y); }

 private:
  problem problem_;
  onednn_product product_;
};

/// The kinds of int8 products.
struct int8_kind {
  const char* name;
  bool unsigned_x;
  std::int32_t zero_x, zero_w;
};

class onednn_int8 final : public contestant {
 public:
  onednn_int8(const problem& p, const int8_kind& kind)
      : kind_(kind), k_(p.x.cols()), x_(codes_of(p.x, kind.unsigned_x)), w_(codes_of(p.w, false)),
        scales_(static_cast<std::size_t>(p.w.rows())),
        product_(p, kind.unsigned_x ? memory::data_type::u8 : memory::data_type::s8,
                 memory::data_type::s8, attributes(), x_.data(), w_.data()) {
    product_.give_scales(scales_);
    if (kind_.zero_x != 0) product_.give_zero_point(DNNL_ARG_SRC, kind_.zero_x);
    if (kind_.zero_w != 0) product_.give_zero_point(DNNL_ARG_WEIGHTS, kind_.zero_w);
  }

  contestant_info info() const override {
    return {kind_.name, product_.implementation(), peak_kind::int8, true, product_.bytes()};
  }
  void run(std::int64_t turn) override { product_.run(turn); }
  // The integer sum is exact; then one conversion and one multiplication.
  std::string find_error() const override {
    return find_wrong_output(product_.y.view(), [&](std::int64_t i, std::int64_t j) {
      std::int64_t sum = 0;
      for (std::int64_t p = 0; p < k_; ++p)
        sum += (x_code(i * k_ + p) - kind_.zero_x) * (w_code(j * k_ + p) - kind_.zero_w);
      const double value =
          static_cast<double>(sum) * static_cast<double>(scales_[static_cast<std::size_t>(j)]);
      return expectation{value, std::ldexp(std::fabs(value), -22)};
    });
  }

 private:
  primitive_attr attributes() {
    for (std::size_t j = 0; j < scales_.size(); ++j)
      scales_[j] = 0.001f * static_cast<float>(1 + j % 7);
    primitive_attr attr;
    announce_column_scales(attr, scales_);
    if (kind_.zero_x != 0) announce_zero_point(attr, DNNL_ARG_SRC);
    if (kind_.zero_w != 0) announce_zero_point(attr, DNNL_ARG_WEIGHTS);
    return attr;
  }
  std::int64_t x_code(std::int64_t at) const {
    const std::uint8_t code = x_[static_cast<std::size_t>(at)];
    return kind_.unsigned_x ? code : static_cast<std::int8_t>(code);
  }
  std::int64_t w_code(std::int64_t at) const {
    return static_cast<std::int8_t>(w_[static_cast<std::size_t>(at)]);
  }

  int8_kind kind_;
  std::int64_t k_;
  std::vector<std::uint8_t> x_, w_;
  std::vector<float> scales_;
  onednn_product product_;
};

}  // namespace

std::unique_ptr<contestant> make_onednn_f32(const problem& p) {
  return std::make_unique<onednn_f32>(p);
}
std::unique_ptr<contestant> make_onednn_s8(const problem& p) {
  return std::make_unique<onednn_int8>(p, int8_kind{"onednn s8s8", false, 0, 0});
}
std::unique_ptr<contestant> make_onednn_u8(const problem& p) {
  return std::make_unique<onednn_int8>(p, int8_kind{"onednn u8s8 zp", true, 128, 0});
}
std::unique_ptr<contestant> make_onednn_zero_points(const problem& p) {
  return std::make_unique<onednn_int8>(p, int8_kind{"onednn s8s8 zp zp", false, 5, 3});
}

std::string onednn_version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

}  // namespace qtl_bench
