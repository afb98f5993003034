// SPDX-License-Identifier: Apache-2.0
// qtl/base/config.hpp - version, compiler facts and the library's few macros.
// Holds: QTL_VERSION*, QTL_HOST_DEVICE, QTL_EXCEPTIONS, QTL_ASSERT. Nothing here changes the layout of a type.
// To add a macro: think twice; a constexpr variable or a template parameter is nearly always better.
#pragma once

#include <cassert>

#define QTL_VERSION_MAJOR 0
#define QTL_VERSION_MINOR 1
#define QTL_VERSION_PATCH 0
/// One number to compare: 10000 * major + 100 * minor + patch.
#define QTL_VERSION (QTL_VERSION_MAJOR * 10000 + QTL_VERSION_MINOR * 100 + QTL_VERSION_PATCH)

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "QTL needs C++20: compile with -std=c++20 or later"
#endif

/// Marks the small constexpr functions that kernels call, so that nvcc needs no relaxed-constexpr
/// flag.
#if defined(__CUDACC__)
#define QTL_HOST_DEVICE __host__ __device__
#else
#define QTL_HOST_DEVICE
#endif

/// 1 where the throwing forms exist. The status and result<T> forms exist everywhere.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define QTL_EXCEPTIONS 1
#else
#define QTL_EXCEPTIONS 0
#endif

/// Checks what the library itself guarantees; what a caller can get wrong returns a status instead.
#ifndef QTL_ASSERT
#define QTL_ASSERT(condition) assert(condition)
#endif

/// The library. The inline namespace carries the major version: two copies in one program do not
/// collide.
namespace qtl::inline v0 {}
