// SPDX-License-Identifier: Apache-2.0
// examples/quantizers/method_list.hpp - every method with its options, under the name that users
// type.
// Holds: method_list, spiq. To add a method: a line in the list. Only group.hpp and quantizers.cpp include this: it
// compiles all methods.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <vector>

// Not qtl/methods.hpp: it brings layers and kernels, which cost seconds in every file.
#include "qtl/methods/adaround.hpp"
#include "qtl/methods/autoround.hpp"
#include "qtl/methods/awq.hpp"
#include "qtl/methods/bias_correction.hpp"
#include "qtl/methods/channel_scaling.hpp"
#include "qtl/methods/gptq.hpp"
#include "qtl/methods/hqq.hpp"
#include "qtl/methods/output_error.hpp"
#include "qtl/methods/rotated.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/methods/smoothquant.hpp"

namespace quantizers {

/// Scales of SPIQ moved into the weight, then round to nearest: the library's pieces as a method.
/// Scales are taken relative to their mean, so that a channel without inputs, which keeps 1, is
/// neither lost nor raised above the others.
struct spiq {
  static constexpr qtl::short_name name = "spiq";
  static constexpr bool needs_inputs = true;

  template<qtl::QuantPolicy P>
  qtl::result<qtl::method_result<P>> apply(const qtl::layer_samples& layer) const {
    auto scales = qtl::spiq_scales<qtl::token_s8>(layer.inputs);
    if (!scales.ok()) return scales.why();
    const std::vector<float> amax = qtl::column_amax(layer.inputs);
    float sum = 0;
    float live = 0;
    for (std::size_t j = 0; j < amax.size(); ++j) {
      if (amax[j] == 0) continue;
      sum += (*scales)[j];
      ++live;
    }
    for (std::size_t j = 0; j < amax.size(); ++j)
      (*scales)[j] = amax[j] == 0 ? 1.0f : qtl::usable_scale((*scales)[j] * live / sum);
    return qtl::apply_scaled<P>(qtl::rtn{}, layer, *scales);
  }
};

template<qtl::Method M>
struct named_method {
  std::string_view name;
  M method;
};

inline const std::tuple method_list{
    named_method{"rtn", qtl::rtn{}},
    named_method{"rtn_clip", qtl::rtn{.clip_search = true}},
    named_method{"hqq", qtl::hqq{}},
    named_method{"gptq", qtl::gptq{}},
    named_method{"gptq_act_order", qtl::gptq{.act_order = true, .static_groups = true}},
    named_method{"awq", qtl::awq{}},
    named_method{"smoothquant", qtl::smoothquant<>{.automatic = true}},
    named_method{"spiq", spiq{}},
    named_method{"adaround", qtl::adaround{}},
    named_method{"autoround", qtl::autoround{}},
    named_method{"rotated_rtn", qtl::rotated<qtl::rtn>{.seed = 1}},
    named_method{"rotated_gptq", qtl::rotated<qtl::gptq>{.seed = 1}},
    named_method{"corrected_rtn", qtl::corrected<qtl::rtn>{}},
    named_method{"corrected_gptq", qtl::corrected<qtl::gptq>{}},
};

}  // namespace quantizers
