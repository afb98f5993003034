// SPDX-License-Identifier: Apache-2.0
// tests/kernels.cpp - the one file that compiles the CPU's kernels for all tests.
#include "qtl/backend/cpu/cpu_kernels.hpp"
