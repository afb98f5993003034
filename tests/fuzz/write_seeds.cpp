// SPDX-License-Identifier: Apache-2.0
// Writes the test corpus of broken files, and a few good ones, as seeds: write_seeds <folder for
// safetensors> <for npy>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "io/malformed_npy.hpp"
#include "io/malformed_safetensors.hpp"

namespace {

void write_all(const std::string& folder, const std::vector<malformed_file>& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::ofstream out(folder + "/seed" + std::to_string(i), std::ios::binary);
    out.write(files[i].content.data(), static_cast<std::streamsize>(files[i].content.size()));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: write_seeds <folder for safetensors> <folder for npy>\n", stderr);
    return 1;
  }
  std::vector<malformed_file> safetensors = malformed_safetensors();
  safetensors.push_back({"", safetensors_bytes("{\"__metadata__\":{\"k\":\"v\"}}"), ""});
  safetensors.push_back(
      {"", one_tensor("t", R"("dtype":"BF16","shape":[2,1],"data_offsets":[0,4])", 4), ""});
  write_all(arguments[1], safetensors);
  std::vector<malformed_file> npy = malformed_npy();
  npy.push_back({"", npy_dict("'<f4'", "(2, 3)", 24), ""});
  npy.push_back(
      {"", npy_bytes("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 2)}\n", 16, 3), ""});
  write_all(arguments[2], npy);
  return 0;
}
