// SPDX-License-Identifier: Apache-2.0
// Quantized tensors in safetensors files: bit-identical round trips, views, refusals that name
// file, tensor and policy.
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/io.hpp"

#include "io/io_test_util.hpp"

namespace {

using namespace qtl;

matrix<float> wave(std::int64_t rows, std::int64_t cols) {
  matrix<float> m = *matrix<float>::make(rows, cols);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      m(i, j) = std::sin(static_cast<float>(i * cols + j)) * static_cast<float>(i + 1);
  return m;
}

template<QuantPolicy P>
bool same_bytes(const QTensorView<P>& a, const QTensorView<P>& b) {
  const auto equal = [](const std::byte* x, const std::byte* y, std::int64_t n) {
    return n == 0 || std::memcmp(x, y, static_cast<std::size_t>(n)) == 0;
  };
  return equal(a.codes, b.codes, a.layout.code_bytes) &&
         equal(a.scales, b.scales, a.layout.scale_bytes) &&
         equal(a.offsets, b.offsets, a.layout.offset_bytes) &&
         float_bits(a.tensor_scale) == float_bits(b.tensor_scale);
}

struct own_table {
  static constexpr short_name name = "own2";
  static constexpr std::array<float, 4> values = {-1.0f, -0.25f, 0.25f, 1.0f};
};
struct other_table {
  static constexpr short_name name = "own2";
  static constexpr std::array<float, 4> values = {-1.0f, -0.5f, 0.5f, 1.0f};
};

std::string refusal(const status& s) { return std::string(s.message.view()); }

}  // namespace

TEST_CASE("every shipped weight and activation policy comes back bit-identical") {
  const temporary_folder folder;
  const std::string path = folder.file("all.safetensors");
  const matrix<float> m = wave(5, 131);
  io::safetensors_writer out;
  for_each_type(shipped_presets{}, [&]<class Pair>() {
    out.add(std::string(Pair::name.view()) + ".w", quantize<typename Pair::weight>(m));
    out.add(std::string(Pair::name.view()) + ".a", quantize<typename Pair::activation>(m));
  });
  out.save(path);
  const io::safetensors_file in(path);
  for_each_type(shipped_presets{}, [&]<class Pair>() {
    using W = typename Pair::weight;
    using A = typename Pair::activation;
    const std::string name(Pair::name.view());
    CAPTURE(name);
    CHECK(same_bytes<W>(in.get<W>(name + ".w"), quantize<W>(m)));
    CHECK(same_bytes<A>(in.get<A>(name + ".a"), quantize<A>(m)));
    const auto view = io::try_view<W>(in, name + ".w");
    REQUIRE(view.ok());
    CHECK(same_bytes<W>(*view, quantize<W>(m)));
    CHECK(*io::try_read_policy(in, name + ".w") == describe<W>());
  });
}

TEST_CASE("tensors without elements come back") {
  const temporary_folder folder;
  using P = w4a16_affine::weight;
  io::safetensors_writer out;
  out.add("no_rows", quantize<P>(wave(0, 7)));
  out.add("no_cols", quantize<P>(wave(7, 0)));
  out.save(folder.file("empty.safetensors"));
  const io::safetensors_file in(folder.file("empty.safetensors"));
  CHECK(in.get<P>("no_rows").cols() == 7);
  CHECK(in.get<P>("no_cols").rows() == 7);
}

TEST_CASE(
    "a stranger's codebook comes back, and one of the same name with other values is refused") {
  const temporary_folder folder;
  using P = policy<codebook<2, own_table>, symmetric, per_channel>;
  using Q = policy<codebook<2, other_table>, symmetric, per_channel>;
  const QTensor<P> q = quantize<P>(wave(3, 9));
  io::safetensors_writer out;
  out.add("w", q);
  out.save(folder.file("own.safetensors"));
  const io::safetensors_file in(folder.file("own.safetensors"));
  CHECK(same_bytes<P>(in.get<P>("w"), q));
  const auto wrong = in.try_get<Q>("w");
  REQUIRE_FALSE(wrong.ok());
  CHECK(contains(refusal(wrong.why()), "other values"));
}

TEST_CASE("a file's policy, not the program's wish, decides") {
  const temporary_folder folder;
  io::safetensors_writer out;
  out.add("q", quantize<w8a8::weight>(wave(4, 8)));
  out.add("plain", wave(4, 8));
  out.save(folder.file("m.safetensors"));
  const io::safetensors_file in(folder.file("m.safetensors"));

  const auto other = in.try_get<w4a8::weight>("q");
  REQUIRE_FALSE(other.ok());
  CHECK(contains(refusal(other.why()), "m.safetensors"));
  CHECK(contains(refusal(other.why()), "'s8 symmetric per_channel'"));
  CHECK(contains(refusal(other.why()), "'s4 symmetric per_group<128>'"));

  CHECK(contains(refusal(in.try_get<w8a8::weight>("plain").why()), "no QTL policy"));
  CHECK(in.try_get<w8a8::weight>("missing").why().code == error_code::not_found);
}

namespace {

// A file whose metadata and parts are as told, where a good one has an s8 per_channel 2 x 3 tensor.
struct forged {
  std::string metadata =
      R"({"rows":2,"cols":3,"policy":{"format":"s8","granularity":"per_channel"}})";
  io::dtype codes = io::dtype::i8;
  std::vector<std::int64_t> shape = {2, 3};
  io::dtype scales = io::dtype::f32;
  std::vector<std::int64_t> scale_shape = {2, 1};
  bool with_scales = true;
};

status load(const forged& f) {
  const temporary_folder folder;
  const std::vector<std::byte> zeros(64);
  const auto bytes = [&](io::dtype type, const std::vector<std::int64_t>& shape) {
    return std::span<const std::byte>(zeros).first(
        static_cast<std::size_t>(*io::tensor_bytes(type, shape)));
  };
  io::safetensors_writer out;
  out.add_bytes("w", f.codes, f.shape, bytes(f.codes, f.shape));
  if (f.with_scales)
    out.add_bytes("w.scale", f.scales, f.scale_shape, bytes(f.scales, f.scale_shape));
  out.set_metadata("qtl.w", f.metadata);
  out.save(folder.file("forged.safetensors"));
  const io::safetensors_file in(folder.file("forged.safetensors"));
  return in.try_get<w8a8::weight>("w").why();
}

}  // namespace

TEST_CASE("a forged file is refused for its own reason") {
  CHECK(load({}).ok());
  const auto refused = [](const forged& f, std::string_view phrase) {
    const status s = load(f);
    CHECK_FALSE(s.ok());
    CHECK_MESSAGE(contains(s.message.view(), phrase), s.message.c_str());
    CHECK(contains(s.message.view(), "forged.safetensors"));
  };
  refused({.metadata = "{"}, "ends too early");
  refused({.metadata = R"({"rows":2,"cols":3,"policy":{"format":"s9"}})"}, "'s9' is unknown");
  refused(
      {.metadata =
           R"({"rows":2,"cols":3,"extra":1,"policy":{"format":"s8","granularity":"per_channel"}})"},
      "a key that is unknown");
  refused({.metadata = R"({"cols":3,"policy":{"format":"s8","granularity":"per_channel"}})"},
          "rows");
  refused(
      {.metadata =
           R"({"rows":4611686018427387904,"cols":4,"policy":{"format":"s8","granularity":"per_channel"}})"},
      "does not fit 64 bits");
  refused(
      {.metadata = R"({"rows":3,"cols":2,"policy":{"format":"s8","granularity":"per_channel"}})"},
      "3 x 2");
  refused({.codes = io::dtype::u8}, "dtype is U8, expected I8");
  refused({.scales = io::dtype::i32}, "dtype is I32, expected F32");
  refused({.scale_shape = {1, 2}}, "2 x 1");
  refused({.with_scales = false}, "no tensor of that name");
}
