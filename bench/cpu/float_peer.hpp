// SPDX-License-Identifier: Apache-2.0
// bench/cpu/float_peer.hpp - a library that multiplies plain f32 matrices, behind one function.
#pragma once

#include <utility>

#include "contestant.hpp"
#include "verification.hpp"

namespace qtl_bench {

/// y (m x n) = x (m x k) w^T, all row by row.
using float_product = void (*)(const float* x, const float* w, float* y, const shape& s);

class float_peer final : public contestant {
 public:
  float_peer(std::string name, std::string detail, float_product product, const problem& p)
      : name_(std::move(name)), detail_(std::move(detail)), product_(product), problem_(p),
        weight_bytes_(p.w.rows() * p.w.cols() * 4),
        weights_(reinterpret_cast<const std::byte*>(p.w.data()), weight_bytes_,
                 p.copies(weight_bytes_)),
        y_(qtl::value_or_throw(qtl::matrix<float>::make(p.x.rows(), p.w.rows()))) {}

  contestant_info info() const override {
    return {name_, detail_, peak_kind::f32, true, weight_bytes_};
  }
  void run(std::int64_t turn) override {
    product_(problem_.x.data(), reinterpret_cast<const float*>(weights_.at(turn)), y_.data(),
             problem_.extents());
  }
  std::string find_error() const override { return find_wrong_product(problem_, y_); }

 private:
  std::string name_;
  std::string detail_;
  float_product product_;
  problem problem_;
  std::int64_t weight_bytes_;
  rotation weights_;
  qtl::matrix<float> y_;
};

}  // namespace qtl_bench
