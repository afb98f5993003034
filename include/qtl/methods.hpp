// SPDX-License-Identifier: Apache-2.0
// qtl/methods.hpp - the door to post-training methods: from a float layer and sample inputs to a better quantized layer.
// Each method is one file under methods/; include that one alone where compile time counts.
#pragma once

// IWYU pragma: begin_exports
#include "qtl/cpu.hpp"
#include "qtl/methods/adaround.hpp"
#include "qtl/methods/autoround.hpp"
#include "qtl/methods/autotune.hpp"
#include "qtl/methods/awq.hpp"
#include "qtl/methods/better_bands.hpp"
#include "qtl/methods/bias_correction.hpp"
#include "qtl/methods/channel_scaling.hpp"
#include "qtl/methods/double_quantization.hpp"
#include "qtl/methods/gptq.hpp"
#include "qtl/methods/hadamard.hpp"
#include "qtl/methods/hqq.hpp"
#include "qtl/methods/outlier_suppression.hpp"
#include "qtl/methods/output_error.hpp"
#include "qtl/methods/quantized_scales.hpp"
#include "qtl/methods/rotated.hpp"
#include "qtl/methods/rtn.hpp"
#include "qtl/methods/smoothquant.hpp"
#include "qtl/methods/spiq.hpp"
// IWYU pragma: end_exports
