// SPDX-License-Identifier: Apache-2.0
// examples/fashion_mnist/device_layers.hpp - the demo's layers on a GPU, real or emulated.
// Defined by device_layers.cpp, or, in the program without the GPU's kernels, by
// no_device_layers.cpp.
#pragma once

#include <string>
#include <string_view>

#include "policies.hpp"

namespace fashion {

/// The device's name; "emulated ..." where the emulator stands in; empty where the
/// program holds no device's kernels. Throws std::runtime_error where the device cannot be used.
std::string device_name();

/// Loads layers of that preset onto the device. They throw qtl::error where it has no kernel.
layer_loader find_device_loader(std::string_view preset);

}  // namespace fashion
