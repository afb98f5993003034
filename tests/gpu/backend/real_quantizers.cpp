// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/real_quantizers.cpp - the backend's quantizers of FP8 activations, and
// conversions.
#include "qtl/gpu/separate/real_quantizers.cuh"
