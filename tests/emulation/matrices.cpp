// SPDX-License-Identifier: Apache-2.0
// tests/emulation/matrices.cpp - ldmatrix, stmatrix and movmatrix: 8 x 8 matrices of 16-bit
// elements. A matrix' eight rows of 16 bytes are one phase of the shared memory: rows that share
// banks cost.
#include <cstring>

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/emulated_compute.hpp"
#include "qtl/gpu/ptx/emulated_half.hpp"

namespace qtl::inline v0::gpu::emulated {
namespace {

struct matrix_lane {
  std::uint32_t* registers;
  std::uint32_t address;
};

struct matrix {
  std::uint16_t rows[8][8];
};

// By log2 of the count and whether transposed.
constexpr const char* load_names[3][2] = {{"ldmatrix.x1", "ldmatrix.x1.trans"},
                                          {"ldmatrix.x2", "ldmatrix.x2.trans"},
                                          {"ldmatrix.x4", "ldmatrix.x4.trans"}};
constexpr const char* store_names[3][2] = {{"stmatrix.x1", "stmatrix.x1.trans"},
                                           {"stmatrix.x2", "stmatrix.x2.trans"},
                                           {"stmatrix.x4", "stmatrix.x4.trans"}};
constexpr const char* move_name = "movmatrix.trans";

matrix_lane& lane_of(void* const* lanes, unsigned lane, const char* instruction) {
  blame_lane(lane);
  if (lanes[lane] == nullptr) fail(instruction, "needs 32 threads; the warp has fewer");
  return *static_cast<matrix_lane*>(lanes[lane]);
}

// Elements 2 t and 2 t + 1 of row g, or of column g, belong to lane 4 g + t.
std::uint32_t pair_of(const matrix& m, bool transposed, unsigned lane) {
  const unsigned g = lane / 4, t = lane % 4;
  return transposed ? pack(m.rows[2 * t][g], m.rows[2 * t + 1][g])
                    : pack(m.rows[g][2 * t], m.rows[g][2 * t + 1]);
}

void set_pair(matrix& m, bool transposed, unsigned lane, std::uint32_t pair) {
  const unsigned g = lane / 4, t = lane % 4;
  (transposed ? m.rows[2 * t][g] : m.rows[g][2 * t]) = low_half(pair);
  (transposed ? m.rows[2 * t + 1][g] : m.rows[g][2 * t + 1]) = high_half(pair);
}

// Copies the rows of matrix `m` from where its eight lanes point, or back.
void copy_rows(void* const* lanes, unsigned m, matrix& values, access how,
               const char* instruction) {
  std::uint32_t addresses[8];
  for (unsigned row = 0; row < 8; ++row) {
    addresses[row] = lane_of(lanes, 8 * m + row, instruction).address;
    std::byte* bytes = shared_bytes_uncounted(addresses[row], 16, 16, how, instruction);
    if (how == access::read)
      std::memcpy(values.rows[row], bytes, 16);
    else
      std::memcpy(bytes, values.rows[row], 16);
  }
  count_shared_phase(addresses, 8, 16);
}

template<int LogCount, bool Transposed>
void load(void* const* lanes) {
  constexpr const char* name = load_names[LogCount][Transposed];
  for (unsigned m = 0; m < 1u << LogCount; ++m) {
    matrix values;
    copy_rows(lanes, m, values, access::read, name);
    for (unsigned lane = 0; lane < 32; ++lane)
      lane_of(lanes, lane, name).registers[m] = pair_of(values, Transposed, lane);
  }
}

template<int LogCount, bool Transposed>
void store(void* const* lanes) {
  constexpr const char* name = store_names[LogCount][Transposed];
  for (unsigned m = 0; m < 1u << LogCount; ++m) {
    matrix values;
    for (unsigned lane = 0; lane < 32; ++lane)
      set_pair(values, Transposed, lane, lane_of(lanes, lane, name).registers[m]);
    copy_rows(lanes, m, values, access::write, name);
  }
}

void move(void* const* lanes) {
  matrix values;
  for (unsigned lane = 0; lane < 32; ++lane)
    set_pair(values, false, lane, *lane_of(lanes, lane, move_name).registers);
  for (unsigned lane = 0; lane < 32; ++lane)
    *lane_of(lanes, lane, move_name).registers = pair_of(values, true, lane);
}

using act = void (*)(void* const* lanes);
constexpr act loads[3][2] = {{&load<0, false>, &load<0, true>},
                             {&load<1, false>, &load<1, true>},
                             {&load<2, false>, &load<2, true>}};
constexpr act stores[3][2] = {{&store<0, false>, &store<0, true>},
                              {&store<1, false>, &store<1, true>},
                              {&store<2, false>, &store<2, true>}};

}  // namespace

void ldmatrix(std::uint32_t* registers, int count, bool transposed, std::uint32_t address) {
  matrix_lane mine{registers, address};
  warp_collective(load_names[count / 2][transposed], 0xFFFFFFFFu, &mine,
                  loads[count / 2][transposed]);
}

void stmatrix(const std::uint32_t* registers, int count, bool transposed, std::uint32_t address) {
  const char* name = store_names[count / 2][transposed];
  require(name, gpu_target::sm_90a);
  std::uint32_t given[4];
  std::memcpy(given, registers, sizeof(std::uint32_t) * static_cast<unsigned>(count));
  matrix_lane mine{given, address};
  warp_collective(name, 0xFFFFFFFFu, &mine, stores[count / 2][transposed]);
}

std::uint32_t movmatrix(std::uint32_t row) {
  matrix_lane mine{&row, 0};
  warp_collective(move_name, 0xFFFFFFFFu, &mine, &move);
  return row;
}

}  // namespace qtl::inline v0::gpu::emulated
