// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/integer_products.cpp - the backend's integer products.
#include "qtl/gpu/separate/integer_products.cuh"
