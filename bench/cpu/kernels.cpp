// SPDX-License-Identifier: Apache-2.0
// bench/cpu/kernels.cpp - the kernels of the library, compiled once for this program.
#include "qtl/backend/cpu/cpu_kernels.hpp"
