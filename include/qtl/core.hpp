// SPDX-License-Identifier: Apache-2.0
// qtl/core.hpp - the light door: formats, policies, tensors and the operations on them, without Eigen.
// The other doors: cpu.hpp adds layers on the CPU, io.hpp adds files, qtl.hpp is everything.
#pragma once

// IWYU pragma: begin_exports
#include "qtl/format/formats.hpp"
#include "qtl/ops/compare.hpp"
#include "qtl/ops/dequantize.hpp"
#include "qtl/ops/fake_quantize.hpp"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"
#include "qtl/policy/with_policy.hpp"
#include "qtl/tensor/qtensor.hpp"
#include "qtl/tensor/summary.hpp"
// IWYU pragma: end_exports
