// SPDX-License-Identifier: Apache-2.0
// tests/gpu/dequantize_test.cpp - the kernel's reals are those of ops/dequantize.hpp, rounded to
// the output's format.
#include "qtl/gpu/kernel/dequantize.cuh"

#include "qtl/ops/dequantize.hpp"
#include "qtl/policy/presets.hpp"

#include "quantize_case.hpp"

namespace {

using namespace qtl;
using namespace qtl_test;
using gpu::parameter_form;

struct shape {
  std::int64_t m;
  std::int64_t k;
  std::int64_t padding = 0;  // between rows of the output, in elements
};

constexpr shape shapes[] = {{0, 8},  {1, 0},   {3, 1},   {2, 7, 1}, {4, 31},  {3, 32},
                            {3, 33}, {2, 127}, {5, 128}, {2, 129},  {5, 500}, {3, 1027, 5}};

// y is written exactly once where it is dense.
template<class Kernel, class F>
void check_kernel(typename Kernel::params p, const matrix<float>& expected, std::int64_t padding) {
  const std::int64_t stride = expected.cols() + padding;
  for_each_seed([&] {
    const device_array<gpu::real_element<F>> y(expected.rows() * stride);
    p.y = y.data();
    p.y_stride = stride;
    if (padding == 0) {
      y.expect_written_once();
    } else {
      require_ok(gpu::fill(y.data(), 0, y.bytes()));
    }
    qtl_test::run_kernel<Kernel>(p);
    require_written();
    const auto got = y.download();
    for (std::int64_t i = 0; i < expected.rows(); ++i)
      for (std::int64_t j = 0; j < expected.cols(); ++j) {
        const auto code = F::encode(expected(i, j));
        const auto real = bit_cast<code_type<F>>(got[static_cast<std::size_t>(i * stride + j)]);
        if (real == code || (is_nan(F::decode(real)) && is_nan(expected(i, j)))) continue;
        CAPTURE(i);
        CAPTURE(j);
        REQUIRE(real == code);
      }
  });
}

template<class T>
device_array<T> on_device(const std::byte* bytes, std::int64_t count) {
  std::vector<T> host(static_cast<std::size_t>(count));
  if (count != 0) std::memcpy(host.data(), bytes, host.size() * sizeof(T));
  return device_array<T>(host);
}

template<QuantPolicy P, class F>
void check_stored() {
  using kernel = gpu::dequantize_rows<gpu::dequantization<P, F, parameter_form::stored, 32, 2>>;
  using table = gpu::params_table<P, parameter_form::stored>;
  CAPTURE(to_text(describe<P>()).c_str());
  CAPTURE(F::name.c_str());
  for (const shape& s : shapes) {
    CAPTURE(s.m);
    CAPTURE(s.k);
    const QTensor<P> q = quantize<P>(sample_rows(s.m, s.k, 3, false));
    const QTensorView<P> v = q.view();
    const std::int64_t blocks = v.layout.grid.size();
    const auto codes = on_device<std::byte>(v.codes, v.layout.code_bytes);
    const auto scales = on_device<typename table::scale>(v.scales, blocks);
    const auto offsets =
        on_device<typename table::offset>(v.offsets, offset_bytes<P> != 0 ? blocks : 0);
    const device_array<float> tensor_scale(std::vector<float>{v.tensor_scale});
    typename kernel::params p;
    p.codes = codes.data();
    p.row_bytes = v.layout.row_bytes;
    p.m = s.m;
    p.k = s.k;
    p.blocks = {scales.data(), offsets.data(),
                P::granularity::block_rows == 0 ? 0 : v.layout.grid.cols, 1};
    if (P::scale::two_levels) p.tensor_scale = tensor_scale.data();
    check_kernel<kernel, F>(p, dequantize(q), s.padding);
  }
}

TEST_CASE("weights in f32, f16 and bf16") {
  check_stored<w8a8::weight, f32>();
  check_stored<w8a8_affine::weight, f16>();
  check_stored<w4a8_channel::weight, bf16>();
  check_stored<w4a16::weight, f16>();
  check_stored<w4a16_affine::weight, bf16>();
  check_stored<w4a16_shift::weight, f32>();
  check_stored<nf4_a16::weight, f32>();
  check_stored<nf4_a16::weight, bf16>();
  check_stored<fp4_bnb_a16::weight, f16>();
  check_stored<mxfp4::weight, bf16>();
  check_stored<nvfp4::weight, f32>();
  check_stored<fp8::weight, f16>();
  check_stored<fp8_e5m2::weight, f32>();
}

TEST_CASE("blocks, whole tensors, and groups that no chunk fits") {
  check_stored<fp8_static::weight, bf16>();
  check_stored<policy<e4m3, symmetric, per_block<2, 128>>, f16>();
  check_stored<policy<s8, symmetric, per_block<3, 20>>, f32>();
  check_stored<policy<u4, affine, per_group<12>>, f32>();
  check_stored<w3a16::weight, f32>();
  check_stored<w2a16::weight, f16>();
  check_stored<policy<u4, affine_as_is, per_group<64>>, f32>();
}

template<QuantPolicy P, class F>
void check_decoded() {
  using kernel = gpu::dequantize_rows<gpu::dequantization<P, F, parameter_form::decoded, 64, 1>>;
  CAPTURE(to_text(describe<P>()).c_str());
  for (const shape& s : shapes) {
    const matrix<float> x = sample_rows(s.m, s.k, 3, true);
    const std::int64_t row_bytes = packed_bytes(s.k, P::format::bits);
    const auto a = answer_of_activations<P>(x.view(), row_bytes, {});
    const std::int64_t groups = groups_of<P>(s.k);
    const matrix<float> expected = matrix_from(s.m, s.k, [&](std::int64_t i, std::int64_t j) {
      const std::int64_t width = groups == 1 ? s.k : P::granularity::block_cols;
      const std::int64_t g = j / width;
      const auto b = static_cast<std::size_t>(i * groups + g);
      qparams<P> p;
      p.scale = a.scales[b];
      if constexpr (offset_bytes<P> != 0) p.offset = static_cast<offset_type<P>>(a.offsets[b]);
      const std::uint32_t raw = load_code<P::format::bits>(a.codes.data() + i * row_bytes, j);
      return decode_element<P>(from_bits<typename P::format>(raw), p);
    });
    const device_array<std::byte> codes(a.codes);
    const device_array<float> scales(a.scales);
    const device_array<typename gpu::params_table<P, parameter_form::decoded>::offset> offsets(
        a.offsets);
    typename kernel::params p;
    p.codes = codes.data();
    p.row_bytes = row_bytes;
    p.m = s.m;
    p.k = s.k;
    p.blocks = {scales.data(), offsets.data(), groups, 1};
    check_kernel<kernel, F>(p, expected, s.padding);
  }
}

TEST_CASE("activations, NaN tokens among them") {
  check_decoded<token_s8, f16>();
  check_decoded<token_u8, bf16>();
  check_decoded<token_e4m3, f32>();
  check_decoded<policy<e4m3, symmetric, per_group<128>, dynamic>, bf16>();
}

}  // namespace
