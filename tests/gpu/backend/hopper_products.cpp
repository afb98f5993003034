// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/hopper_products.cpp - the backend's integer products of Hopper.
#include "qtl/gpu/separate/hopper_products.cuh"
