// SPDX-License-Identifier: Apache-2.0
// tests/format/golden_values.hpp - which golden table belongs to which format.
// Holds: golden_values<F>, formats_with_golden_values. To add one: a table, a specialization, the list.
#pragma once

#include <span>

#include "qtl/format/formats.hpp"

#include "golden/codebook_tables.hpp"
#include "golden/float8_tables.hpp"
#include "golden/float_small_tables.hpp"
#include "golden/integer_tables.hpp"
#include "golden/scale_tables.hpp"

namespace qtl_test {

/// golden_values<F>[raw] is the value of every code of F; empty where there is no table.
template<class F>
inline constexpr std::span<const float> golden_values{};

// clang-format off
template<> inline constexpr std::span<const float> golden_values<qtl::s1> = golden::s1;
template<> inline constexpr std::span<const float> golden_values<qtl::s2> = golden::s2;
template<> inline constexpr std::span<const float> golden_values<qtl::s3> = golden::s3;
template<> inline constexpr std::span<const float> golden_values<qtl::s4> = golden::s4;
template<> inline constexpr std::span<const float> golden_values<qtl::s5> = golden::s5;
template<> inline constexpr std::span<const float> golden_values<qtl::s6> = golden::s6;
template<> inline constexpr std::span<const float> golden_values<qtl::s7> = golden::s7;
template<> inline constexpr std::span<const float> golden_values<qtl::s8> = golden::s8;
template<> inline constexpr std::span<const float> golden_values<qtl::u1> = golden::u1;
template<> inline constexpr std::span<const float> golden_values<qtl::u2> = golden::u2;
template<> inline constexpr std::span<const float> golden_values<qtl::u3> = golden::u3;
template<> inline constexpr std::span<const float> golden_values<qtl::u4> = golden::u4;
template<> inline constexpr std::span<const float> golden_values<qtl::u5> = golden::u5;
template<> inline constexpr std::span<const float> golden_values<qtl::u6> = golden::u6;
template<> inline constexpr std::span<const float> golden_values<qtl::u7> = golden::u7;
template<> inline constexpr std::span<const float> golden_values<qtl::u8> = golden::u8;
template<> inline constexpr std::span<const float> golden_values<qtl::s2f6> = golden::s2f6;
template<> inline constexpr std::span<const float> golden_values<qtl::e4m3> = golden::e4m3;
template<> inline constexpr std::span<const float> golden_values<qtl::e5m2> = golden::e5m2;
template<> inline constexpr std::span<const float> golden_values<qtl::e4m3fnuz> = golden::e4m3fnuz;
template<> inline constexpr std::span<const float> golden_values<qtl::e5m2fnuz> = golden::e5m2fnuz;
template<> inline constexpr std::span<const float> golden_values<qtl::e3m4> = golden::e3m4;
template<> inline constexpr std::span<const float> golden_values<qtl::e2m3> = golden::e2m3;
template<> inline constexpr std::span<const float> golden_values<qtl::e3m2> = golden::e3m2;
template<> inline constexpr std::span<const float> golden_values<qtl::e2m1> = golden::e2m1;
template<> inline constexpr std::span<const float> golden_values<qtl::nf4> = golden::nf4;
template<> inline constexpr std::span<const float> golden_values<qtl::fp4_bnb> = golden::fp4_bnb;
template<> inline constexpr std::span<const float> golden_values<qtl::e8m0> = golden::e8m0;
// clang-format on

}  // namespace qtl_test
