// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/bf16_products.cpp - the backend's products with activations of bf16.
#include "qtl/gpu/separate/bf16_products.cuh"
