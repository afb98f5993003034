// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/spelling.cuh - formats as PTX spells them, and where each mma operand is allowed.
// Holds: spelling<F>, is_one_of. An asm statement takes spelling<F>::text through a "C" constraint,
// so one function serves every pair of operand types without a macro.
#pragma once

#include <type_traits>

#include "qtl/format/integer.hpp"
#include "qtl/format/minifloat.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// The suffix that PTX gives to operands of format F.
template<class F>
struct spelling;
template<>
struct spelling<s4> {
  static constexpr char text[] = "s4";
};
template<>
struct spelling<u4> {
  static constexpr char text[] = "u4";
};
template<>
struct spelling<s8> {
  static constexpr char text[] = "s8";
};
template<>
struct spelling<u8> {
  static constexpr char text[] = "u8";
};
template<>
struct spelling<e4m3> {
  static constexpr char text[] = "e4m3";
};
template<>
struct spelling<e5m2> {
  static constexpr char text[] = "e5m2";
};
template<>
struct spelling<f16> {
  static constexpr char text[] = "f16";
};
template<>
struct spelling<bf16> {
  static constexpr char text[] = "bf16";
};

/// Whether F is one of the formats named.
template<class F, class... Formats>
inline constexpr bool is_one_of = (std::is_same_v<F, Formats> || ...);

/// Satisfied by the operands of the 8-bit integer tensor cores.
/// Why: only these pairs have an instruction; every other format is unpacked to one of them first.
template<class F>
concept Int8Operand = is_one_of<F, s8, u8>;
/// Satisfied by the operands of the 4-bit integer tensor cores.
/// Why: as above.
template<class F>
concept Int4Operand = is_one_of<F, s4, u4>;
/// Satisfied by the operands of the FP8 tensor cores.
/// Why: as above.
template<class F>
concept Fp8Operand = is_one_of<F, e4m3, e5m2>;
/// Satisfied by the operands of the 16-bit tensor cores.
/// Why: as above.
template<class F>
concept HalfOperand = is_one_of<F, f16, bf16>;

}  // namespace qtl::inline v0::gpu::ptx
