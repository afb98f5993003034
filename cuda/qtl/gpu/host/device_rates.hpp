// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/host/device_rates.hpp - what a device does in a cycle, from published figures.
// Holds: arithmetic_unit, published_figures, device_rates, rates_of, unit_rate, own estimates. Plain C++.
// Sources are in the rows: "sheet" is the vendor's data sheet, "copy" a bandwidth that people have
// measured (0.9 of the sheet where none was found), "assumed" neither. None was measured here, and
// the model uses them for ratios between candidates on one device.
#pragma once

#include <cstdint>

#include "qtl/backend/gpu/device_facts.hpp"

namespace qtl::inline v0::gpu {

/// What multiplies: the tensor cores' operand type, by mma.sync or by wgmma.
enum class arithmetic_unit : std::uint8_t { f16, s8, s4, fp8, wgmma_8bit, wgmma_16bit };

/// One GPU as its vendor and others describe it.
struct published_figures {
  double multiprocessors;
  double gigahertz;           ///< at which the sheet's operations are reached
  double int8_tera;           ///< dense 8-bit operations per second, sheet
  double mma_share;           ///< of these, what mma.sync reaches
  double memory_tera;         ///< bytes per second of a copy
  double l2_bytes_per_cycle;  ///< of all multiprocessors together
  double latency_cycles;      ///< until a load from device memory arrives
};

/// A100 SXM. Sheet: 624 Top/s, 2.04 TB/s (copy 0.9 of it), 5120 bytes of L2 per cycle.
inline constexpr published_figures a100_figures{108, 1.41, 624, 1.0, 1.84, 5120, 700};
/// L40S. Sheet: 733 Top/s, 0.86 TB/s (copy 0.9 of it). L2: assumed, as much per multiprocessor as
/// half of an A100's.
inline constexpr published_figures l40s_figures{142, 2.52, 733, 1.0, 0.77, 3408, 700};
/// H100 SXM. Sheet: 1979 Top/s; copy 3.0 TB/s; mma.sync reaches at best 62 to 75 % of what wgmma
/// does (a published microbenchmark). L2: assumed, the A100's per cycle.
inline constexpr published_figures h100_figures{132, 1.83, 1979, 0.62, 3.0, 5120, 800};
/// B200. Sheet: 4500 Top/s, 8 TB/s (copy 0.9 of it). mma.sync's share and L2: assumed.
inline constexpr published_figures b200_figures{148, 1.85, 4500, 0.5, 7.2, 5920, 800};
/// RTX 5090. Sheet: 838 Top/s, 1.79 TB/s (copy 0.9 of it). L2: assumed.
inline constexpr published_figures rtx5090_figures{170, 2.41, 838, 1.0, 1.61, 5440, 800};

/// The figures that stand for a compute capability.
constexpr const published_figures& figures_of(int capability) {
  switch (capability / 100) {
    case 9:
      return h100_figures;
    case 10:
      return b200_figures;
    case 12:
      return rtx5090_figures;
    default:
      return capability >= 860 ? l40s_figures : a100_figures;
  }
}

/// Bytes that one multiprocessor can take from L2 in a cycle, however idle the others are.
/// Vendor's tables: 64.
inline constexpr double port_bytes = 64.0;
/// Bytes that one multiprocessor reads from shared memory in a cycle: 32 banks of 4.
inline constexpr double bank_bytes = 128.0;
/// Scalar operations of a multiprocessor in a cycle.
inline constexpr double scalar_operations = 128.0;
/// Scalar operations that finish one output: correct, scale, add a bias, round, stage, address. Own
/// estimate.
inline constexpr double finish_operations = 8.0;
/// Of L2, what operands may fill and still be found there by the next wave. Own estimate: both
/// halves of the chip keep copies, and outputs and the other operand stream through.
inline constexpr double kept_share = 0.5;
/// From the launch of a kernel to its first load and from its last store to the next kernel, inside
/// a graph. Own estimate: 2 to 3 microseconds.
inline constexpr double launch_microseconds = 2.5;
/// The same for the node that zeroes a split's counters. Own estimate.
inline constexpr double zeroing_microseconds = 1.0;

/// What a device does in a cycle.
struct device_rates {
  double products;       ///< 8-bit multiply-adds of a multiprocessor by mma.sync
  double wide_products;  ///< the same by wgmma
  double memory_bytes;   ///< of a multiprocessor's share of device memory
  double l2_bytes;       ///< of a multiprocessor's share of L2
  double latency;        ///< cycles until a load from device memory arrives
  double cycles_a_microsecond;
};

/// The rates of a compute capability. Shares: a device with fewer multiprocessors is taken to have
/// as much less of everything.
constexpr device_rates rates_of(int capability) {
  const published_figures& f = figures_of(capability);
  const double cycles = f.gigahertz * 1e9;
  const double wide = f.int8_tera * 1e12 / 2.0 / (f.multiprocessors * cycles);
  return {wide * f.mma_share,
          wide,
          f.memory_tera * 1e12 / (f.multiprocessors * cycles),
          f.l2_bytes_per_cycle / f.multiprocessors,
          f.latency_cycles,
          f.gigahertz * 1e3};
}

/// FP8 on mma.sync where it is two f16 products and a dozen conversions (sm_90a, sm_100a: counted
/// in the machine code), of the 8-bit integers' rate. Own estimate.
inline constexpr double emulated_fp8_share = 0.4;
/// 4-bit integers on mma.sync where one is some 190 scalar operations (from sm_90 on). Own
/// estimate.
inline constexpr double emulated_s4_share = 0.25;

/// Multiply-adds of a multiprocessor in a cycle.
constexpr double unit_rate(arithmetic_unit unit, int capability) {
  const device_rates rates = rates_of(capability);
  switch (unit) {
    case arithmetic_unit::s8:
      return rates.products;
    case arithmetic_unit::wgmma_8bit:
      return rates.wide_products;
    case arithmetic_unit::wgmma_16bit:
      return 0.5 * rates.wide_products;
    case arithmetic_unit::s4:  // native on 8.x only
      return (capability < 900 ? 2.0 : emulated_s4_share) * rates.products;
    case arithmetic_unit::fp8:  // native on 8.9 and 12.0 only, elsewhere made of f16
      return (capability / 10 == 89 || capability / 100 == 12 ? 1.0 : emulated_fp8_share) *
             rates.products;
    case arithmetic_unit::f16:
      break;
  }
  return 0.5 * rates.products;
}

}  // namespace qtl::inline v0::gpu
