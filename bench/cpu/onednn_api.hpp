// SPDX-License-Identifier: Apache-2.0
// bench/cpu/onednn_api.hpp - what oneDNN 2 and oneDNN 3 call differently: how a product is
// described, and when it is told the scales of its columns (2: when it is made; 3: at each run).
#pragma once

#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

namespace qtl_bench {

using onednn_arguments = std::unordered_map<int, dnnl::memory>;

/// y = x w.
struct onednn_operands {
  dnnl::memory::desc x, w, y;
};

#if DNNL_VERSION_MAJOR >= 3

inline dnnl::matmul::primitive_desc describe_matmul(const onednn_operands& of,
                                                    const dnnl::primitive_attr& attr,
                                                    const dnnl::engine& engine) {
  return {engine, of.x, of.w, of.y, attr};
}
inline void announce_column_scales(dnnl::primitive_attr& attr, const std::vector<float>&) {
  attr.set_scales_mask(DNNL_ARG_WEIGHTS, 1 << 1);
}
inline void announce_zero_point(dnnl::primitive_attr& attr, int operand) {
  attr.set_zero_points_mask(operand, 0);
}
inline void give_column_scales(onednn_arguments& arguments, std::vector<float>& scales,
                               const dnnl::engine& engine) {
  const dnnl::memory::desc all({static_cast<dnnl::memory::dim>(scales.size())},
                               dnnl::memory::data_type::f32, dnnl::memory::format_tag::x);
  arguments[DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS] = dnnl::memory(all, engine, scales.data());
}

#else

inline dnnl::matmul::primitive_desc describe_matmul(const onednn_operands& of,
                                                    const dnnl::primitive_attr& attr,
                                                    const dnnl::engine& engine) {
  return {dnnl::matmul::desc(of.x, of.w, of.y), attr, engine};
}
inline void announce_column_scales(dnnl::primitive_attr& attr, const std::vector<float>& scales) {
  attr.set_output_scales(1 << 1, scales);
}
inline void announce_zero_point(dnnl::primitive_attr& attr, int operand) {
  attr.set_zero_points(operand, 0, {DNNL_RUNTIME_S32_VAL});
}
inline void give_column_scales(onednn_arguments&, std::vector<float>&, const dnnl::engine&) {}

#endif

}  // namespace qtl_bench
