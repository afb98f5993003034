// SPDX-License-Identifier: Apache-2.0
// examples/common/kernels.cpp - the one file that compiles the CPU's kernels for the larger
// programs.
#include "qtl/backend/cpu/cpu_kernels.hpp"
