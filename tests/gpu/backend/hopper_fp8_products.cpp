// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/hopper_fp8_products.cpp - the backend's FP8 products of Hopper.
#include "qtl/gpu/separate/hopper_fp8_products.cuh"
