// SPDX-License-Identifier: Apache-2.0
// tests/gpu/backend/backend.cpp - gpu_backend for all tests of the backend; the files beside it
// hold its kernels.
#include "qtl/gpu/backend.cuh"
