// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend.cpp - the one file that holds gpu_backend's kernels, for all tests of the backend.
#include "qtl/gpu/backend.cuh"
