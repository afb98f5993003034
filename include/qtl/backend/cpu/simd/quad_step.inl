// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/quad_step.inl - a step of k by dot products of quads: a register of sums is one row's.
// Included inside an ISA's namespace before integer_tiles.inl, see simd_kernels.hpp; the operands'
// form is byte_products.inl's or word_products.inl's.

/// Codes of a column that lie side by side in a line of w.
inline constexpr int adjacent_codes = 4;

/// A tile's sums as dot_step takes them: as they are.
template<int Rows, int Vectors>
struct step_sums {
  ints (&held)[Rows][Vectors];

  explicit step_sums(ints (&acc)[Rows][Vectors]) : held(acc) {}
  void give_back(ints (&)[Rows][Vectors]) const {}
};

/// acc += w x over one step of k: a line of w, and 4 or 8 codes of each row from rows[r] + p on.
template<int Bits, int Rows, int Vectors>
[[gnu::always_inline]] inline void dot_step(const std::byte* const (&rows)[Rows], std::int64_t p,
                                            const std::byte* w, ints (&acc)[Rows][Vectors]) {
#pragma GCC unroll 2
  for (int q = 0; q < parts<Bits>; ++q) {
    bytes codes[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) codes[v] = part_of<Bits>(load_bytes(w + v * lanes * 4), q);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const bytes quad = all_quads(rows[r] + p * x_width<Bits> + q * 4);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) acc[r][v] = add_products<Bits>(acc[r][v], codes[v], quad);
    }
    forget_loads();
  }
}
