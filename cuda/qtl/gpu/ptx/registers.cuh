// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/registers.cuh - who a thread is: special registers.
// Blocks are one-dimensional; grids may have three dimensions.
#pragma once

#include "qtl/gpu/ptx/emulated.hpp"
#include "qtl/gpu/ptx/target.cuh"

namespace qtl::inline v0::gpu::ptx {

/// The thread's number in its block.
QTL_DEVICE unsigned thread_index() {
#if QTL_GPU_EMULATED
  return emulated::here().thread;
#else
  return threadIdx.x;
#endif
}

/// The thread's number in its warp, 0 to 31.
QTL_DEVICE unsigned lane_index() { return thread_index() % 32; }

/// The warp's number in its block.
QTL_DEVICE unsigned warp_index() { return thread_index() / 32; }

/// Threads of the block.
QTL_DEVICE unsigned block_threads() {
#if QTL_GPU_EMULATED
  return emulated::here().threads;
#else
  return blockDim.x;
#endif
}

/// The block's place in the grid, along x.
QTL_DEVICE unsigned block_index_x() {
#if QTL_GPU_EMULATED
  return emulated::here().block.x;
#else
  return blockIdx.x;
#endif
}

/// The block's place in the grid, along y.
QTL_DEVICE unsigned block_index_y() {
#if QTL_GPU_EMULATED
  return emulated::here().block.y;
#else
  return blockIdx.y;
#endif
}

/// The block's place in the grid, along z.
QTL_DEVICE unsigned block_index_z() {
#if QTL_GPU_EMULATED
  return emulated::here().block.z;
#else
  return blockIdx.z;
#endif
}

/// Blocks of the grid along x.
QTL_DEVICE unsigned grid_extent_x() {
#if QTL_GPU_EMULATED
  return emulated::here().grid.x;
#else
  return gridDim.x;
#endif
}

/// Blocks of the grid along y.
QTL_DEVICE unsigned grid_extent_y() {
#if QTL_GPU_EMULATED
  return emulated::here().grid.y;
#else
  return gridDim.y;
#endif
}

/// Blocks of the grid along z.
QTL_DEVICE unsigned grid_extent_z() {
#if QTL_GPU_EMULATED
  return emulated::here().grid.z;
#else
  return gridDim.z;
#endif
}

}  // namespace qtl::inline v0::gpu::ptx
