// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/fp8_products.cpp - the backend's FP8 products.
#include "qtl/gpu/separate/fp8_products.cuh"
