// SPDX-License-Identifier: Apache-2.0
// Writes the test corpus of broken files, and a few good ones, as seeds: write_seeds <folder for
// safetensors> <for npy> <for qtensor>. Those for qtensor are a file, a linear layer's policies and
// a weight's policy of every preset: chance alone does not write them.
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "qtl/io.hpp"

#include "io/malformed_npy.hpp"
#include "io/malformed_safetensors.hpp"
#include "ops/test_matrix.hpp"

namespace {

void write_all(const std::string& folder, const std::vector<malformed_file>& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::ofstream out(folder + "/seed" + std::to_string(i), std::ios::binary);
    out.write(files[i].content.data(), static_cast<std::streamsize>(files[i].content.size()));
  }
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

template<class Pair>
void write_preset(const std::string& folder) {
  using W = typename Pair::weight;
  const std::string path = folder + "/" + Pair::name.c_str();
  qtl::io::safetensors_writer out;
  out.add("w", qtl::quantize<W>(qtl_test::noise_matrix(3, 5, 1)));
  out.save(path + ".safetensors");
  write_text(path + ".linear",
             qtl::io::to_json(qtl::describe_linear<W, typename Pair::activation>()));
  write_text(path + ".policy", qtl::io::to_json(qtl::describe<W>()));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("usage: write_seeds <folder for safetensors> <for npy> <for qtensor>\n", stderr);
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
  qtl::for_each_type(qtl::shipped_presets{},
                     [&]<class Pair>() { write_preset<Pair>(arguments[3]); });
  return 0;
}
