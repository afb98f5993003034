// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/f16_products.cpp - the backend's products with activations of f16.
#include "qtl/gpu/separate/f16_products.cuh"
