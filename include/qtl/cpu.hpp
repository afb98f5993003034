// SPDX-License-Identifier: Apache-2.0
// qtl/cpu.hpp - the door to layers on the CPU: core.hpp, calibration, QLinear with the Eigen and reference backends.
#pragma once

// IWYU pragma: begin_exports
#include "qtl/calib/calibrate.hpp"
#include "qtl/calib/observers.hpp"
#include "qtl/core.hpp"
#include "qtl/gemm/reference.hpp"
#include "qtl/nn/any_linear.hpp"
#include "qtl/nn/qlinear.hpp"
// IWYU pragma: end_exports
