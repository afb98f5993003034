// SPDX-License-Identifier: Apache-2.0
// examples/quantizers/method_list.hpp - every method with its options, under the name that users
// type.
// Holds: method_list. To add a method: a line in the list. Only group.hpp and quantizers.cpp include this: it
// compiles all methods.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>

// Not qtl/methods.hpp: it brings layers and kernels, which cost seconds in every file.
#include "qtl/methods/adaround.hpp"
#include "qtl/methods/autoround.hpp"
#include "qtl/methods/awq.hpp"
#include "qtl/methods/bias_correction.hpp"
#include "qtl/methods/gptq.hpp"
#include "qtl/methods/hqq.hpp"
#include "qtl/methods/output_error.hpp"
#include "qtl/methods/quantized_scales.hpp"
#include "qtl/methods/rotated.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/methods/smoothquant.hpp"
#include "qtl/methods/spiq.hpp"

namespace quantizers {

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
    named_method{"spiq", qtl::spiq<>{}},
    named_method{"adaround", qtl::adaround{}},
    named_method{"autoround", qtl::autoround{}},
    named_method{"dq_rtn", qtl::quantized_scales<qtl::rtn>{}},
    named_method{"dq_gptq", qtl::quantized_scales<qtl::gptq>{}},
    named_method{"rotated_rtn", qtl::rotated<qtl::rtn>{.seed = 1}},
    named_method{"rotated_gptq", qtl::rotated<qtl::gptq>{.seed = 1}},
    named_method{"corrected_rtn", qtl::corrected<qtl::rtn>{}},
    named_method{"corrected_gptq", qtl::corrected<qtl::gptq>{}},
};

}  // namespace quantizers
