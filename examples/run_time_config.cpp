// SPDX-License-Identifier: Apache-2.0
// examples/run_time_config.cpp - text decides which policy runs: a config file, a command line.
// The list of policies says what is compiled; a value chooses among them.
#include <cstdio>
#include <string_view>

#include <qtl/qtl.hpp>

// What this program can run. qtl::shipped_presets would be everything.
using available = qtl::type_list<qtl::w8a8, qtl::w4a16_g32, qtl::mxfp4>;

constexpr std::string_view configs[] = {
    R"({"preset": "w8a8"})",
    R"({"weight": {"format": "s4", "granularity": "per_group<32>", "scale": "f16"},
        "activation": {"format": "f16", "scheme": "unscaled"}})",
    R"({"weight": {"format": "s4", "granularity": "per_group<64>", "scale": "f16"},
        "activation": {"format": "f16", "scheme": "unscaled"}})",
    R"({"weight": {"format": "s44"}, "activation": {"format": "f32", "scheme": "unscaled"}})",
};

void run(std::string_view config, const Eigen::MatrixXf& w, const Eigen::MatrixXf& x) {
  const qtl::result<qtl::linear_desc> desc = qtl::io::try_parse_linear(config);
  if (!desc.ok()) {
    std::printf("bad config: %s\n", desc.why().message.c_str());
    return;
  }
  // One layer type for all policies; every failure comes back as a sentence.
  const qtl::result<qtl::any_linear> layer =
      qtl::try_make_linear(available{}, *desc, qtl::as_view(w));
  if (!layer.ok()) {
    std::printf("cannot run: %s\n", layer.why().message.c_str());
    return;
  }
  const Eigen::MatrixXf y = qtl::value_or_throw(layer->try_apply(qtl::as_view(x)));
  const double sqnr = qtl::compare((x * w.transpose()).eval(), y).sqnr_db;
  std::printf("%.0f dB: %s\n", sqnr, qtl::to_text(layer->desc()).c_str());
}

int main() {
  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(256, 512);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(64, 512);
  for (const std::string_view config : configs) run(config, w, x);

  // Below a layer, with_policy enters code that knows the types: here, the bytes that a weight
  // would take.
  qtl::with_policy(available{}, *qtl::preset_by_name("mxfp4"), [&]<class W, class A>() {
    std::printf("%s\n", qtl::summary(qtl::quantize<W>(w)).c_str());
  });
}

// clang-format off
// Output:
// 45 dB: weights s8 symmetric per_channel | activations s8 symmetric per_token, dynamic
// 23 dB: weights s4 symmetric per_group<32>, f16 scales | activations f16 unscaled
// cannot run: desc: no instantiated policy for weights s4 symmetric per_group<64>, f16 scales | activations f16 unscaled; nearest is w4a16_g32
// bad config: json: the format 's44' is unknown; give its kind and bits, or a shipped name
// QTensor 256 x 512, e2m1 symmetric per_group<32>, e8m0 scales, 4.250 bits per element, 69632 bytes
