// SPDX-License-Identifier: Apache-2.0
// qtl/backend/cpu/simd/matrix_step.inl - a step of k by products of 2 x 8 by 8 x 2 codes: a register of sums is a block of
// two rows and two columns. Included inside an ISA's namespace before integer_tiles.inl, in place
// of quad_step.inl.

/// Codes of a column that lie side by side in a line of w.
inline constexpr int adjacent_codes = 8;

/// A tile's sums as dot_step takes them: two rows' vectors of four columns become two blocks, and
/// blocks become rows again, by the same exchange of halves. An odd row is its own neighbour: its
/// blocks hold it twice.
template<int Rows, int Vectors>
struct step_sums {
  ints held[Rows + Rows % 2][Vectors];

  explicit step_sums(const ints (&acc)[Rows][Vectors]) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; r += 2) {
      const int next = r + 1 < Rows ? r + 1 : r;
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) {
        held[r][v] = lower_halves(acc[r][v], acc[next][v]);
        held[r + 1][v] = upper_halves(acc[r][v], acc[next][v]);
      }
    }
  }
  void give_back(ints (&acc)[Rows][Vectors]) const {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const int pair = r - r % 2;
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] = r == pair ? lower_halves(held[pair][v], held[pair + 1][v])
                              : upper_halves(held[pair][v], held[pair + 1][v]);
    }
  }
};

/// blocks += w x over one step of k: a line of w, and 8 or 16 codes of each row from rows[r] + p.
/// Rows stay in registers and columns pass by: a column's load is an operand of nothing else, a
/// pair of rows costs an operation more.
template<int Bits, int Rows, int Vectors>
inline void dot_step(const std::byte* const (&rows)[Rows], std::int64_t p, const std::byte* w,
                     ints (&blocks)[Rows][Vectors]) {
#pragma GCC unroll 2
  for (int q = 0; q < 8 / Bits; ++q) {
    bytes pairs[Rows / 2];
#pragma GCC unroll 4
    for (int r = 0; r < Rows / 2; ++r)
      pairs[r] = two_rows(rows[2 * r] + p + q * 8, rows[2 * r + 1] + p + q * 8);
#pragma GCC unroll 8
    for (int c = 0; c < 2 * Vectors; ++c) {
      bytes codes = load_bytes(w + c * lanes * 4);
      if (Bits == 4) codes = q == 0 ? low_nibbles(codes) : high_nibbles(codes);
#pragma GCC unroll 4
      for (int r = 0; r < Rows / 2; ++r) {
        ints& block = blocks[2 * r + c % 2][c / 2];
        block = block_dot(block, codes, pairs[r]);
      }
      if (c % 2 == 1) forget_loads();  // else g++ loads the whole line at once, and spills sums
    }
  }
}
