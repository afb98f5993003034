// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/integer_quantizers.cpp - the backend's quantizers of integer activations.
#include "qtl/gpu/separate/integer_quantizers.cuh"
