// SPDX-License-Identifier: Apache-2.0
#include "device_layers.hpp"

namespace fashion {

std::string device_name() { return {}; }

layer_loader find_device_loader(std::string_view) { return nullptr; }

}  // namespace fashion
