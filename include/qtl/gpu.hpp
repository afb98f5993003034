// SPDX-License-Identifier: Apache-2.0
// qtl/gpu.hpp - the door to layers on an NVIDIA GPU, for any C++20 compiler: core.hpp, QLinear<W, A, gpu_backend>.
// One file of the program includes "qtl/gpu/backend.cuh" and holds the kernels (docs/gpu.md).
#pragma once

// IWYU pragma: begin_exports
#include "qtl/backend/gpu/device_buffer.hpp"
#include "qtl/backend/gpu/device_qtensor.hpp"
#include "qtl/backend/gpu/gpu_backend.hpp"
#include "qtl/core.hpp"
#include "qtl/nn/device_linear.hpp"
// IWYU pragma: end_exports
