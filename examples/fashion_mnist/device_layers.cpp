// SPDX-License-Identifier: Apache-2.0
#include "device_layers.hpp"

#include <stdexcept>
#include <string>

#include "qtl/gpu.hpp"

#include "policy_part.hpp"

namespace fashion {

std::string device_name() {
  const auto facts = qtl::gpu_backend::facts();
  if (!facts.ok())
    throw std::runtime_error("no GPU to run on: " + std::string(facts.why().message.view()));
  return std::string(facts->name.view());
}

layer_loader find_device_loader(std::string_view preset) {
  layer_loader found = nullptr;
  qtl::for_each_type(qtl::shipped_presets{}, [&]<class Pair>() {
    if (Pair::name.view() == preset)
      found = load_layer<typename Pair::weight, typename Pair::activation, qtl::gpu_backend>;
  });
  return found;
}

}  // namespace fashion
