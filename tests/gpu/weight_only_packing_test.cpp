// SPDX-License-Identifier: Apache-2.0
// tests/gpu/weight_only_packing_test.cpp - packed weights: every code, scale and zero point comes
// back, every field belongs to one element, and one 16-byte load is four fragments of an mma.
#include <vector>

#include <doctest/doctest.h>

#include "qtl/format/formats.hpp"
#include "qtl/gpu/tile/weight_copy.cuh"
#include "qtl/gpu/tile/weight_packing.cuh"
#include "qtl/ops/quantize.hpp"
#include "qtl/policy/presets.hpp"

namespace gpu = qtl::gpu;

namespace {

using qtl::affine, qtl::per_channel, qtl::per_group, qtl::scaled_by, qtl::symmetric;

template<class W, int StepCols>
struct packed_case {
  using weight = W;
  static constexpr int step_cols = StepCols;
};

template<class W>
qtl::QTensor<W> some_weight(std::int64_t n, std::int64_t k) {
  auto reals = *qtl::matrix<float>::make(n, k);
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t p = 0; p < k; ++p)
      reals(j, p) =
          static_cast<float>(qtl::counter_random(1, static_cast<std::uint64_t>(j * k + p)) % 999) -
          static_cast<float>(j % 500);
  return *qtl::try_quantize<W>(reals);
}

// A code as its field holds it.
template<class F>
std::uint32_t field_of_code(qtl::code_type<F> code) {
  if constexpr (qtl::kind_of<F> == qtl::format_kind::integer)
    return static_cast<std::uint32_t>(static_cast<int>(code) - F::qmin);
  else
    return code;
}

// The column of k, within its step, that half or byte e of a lane's fragment stands for: the PTX
// manual's m16n8k16 and m16n8k32, B operand.
int column_of(int lane, int e, int step_cols) {
  return step_cols == 16 ? lane % 4 * 2 + e % 2 + 8 * (e / 2) : lane % 4 * 4 + e % 4 + 16 * (e / 4);
}

}  // namespace

TEST_CASE_TEMPLATE(
    "what is packed comes back", C, packed_case<qtl::w4a16::weight, 16>,
    packed_case<qtl::w4a16_g32_affine::weight, 16>, packed_case<qtl::nvfp4_a16::weight, 16>,
    packed_case<qtl::mxfp4_a16::weight, 16>, packed_case<qtl::nf4_a16::weight, 16>,
    packed_case<qtl::w8a16::weight, 16>, packed_case<qtl::mxfp8::weight, 16>,
    packed_case<qtl::w4a8::weight, 32>, packed_case<qtl::w4a8_channel::weight, 32>,
    packed_case<qtl::policy<qtl::u4, affine, per_group<24>>, 32>,
    packed_case<qtl::policy<qtl::s4, affine, per_group<20>, scaled_by<qtl::bf16>>, 16>,
    packed_case<qtl::w2a16::weight, 16>,
    packed_case<qtl::policy<qtl::s3, symmetric, qtl::per_tensor>, 16>,
    packed_case<qtl::policy<qtl::u8, affine, qtl::per_block<16, 48>>, 16>) {
  using W = typename C::weight;
  using F = typename W::format;
  for (const std::int64_t n : {1, 31, 32, 70})
    for (const std::int64_t k : {1, 16, 33, 130, 200}) {
      CAPTURE(n);
      CAPTURE(k);
      const qtl::QTensor<W> w = some_weight<W>(n, k);
      const auto l = gpu::make_weight_layout(qtl::describe<W>(), n, k, C::step_cols);
      std::vector<std::byte> packed(static_cast<std::size_t>(l.bytes()), std::byte{0xEE});
      gpu::pack_weight(l, qtl::erase<W>(w.view()), packed.data());
      int wrong = 0;
      std::int64_t met = 0;
      for (std::int64_t j = 0; j < l.padded_n(); ++j)
        for (std::int64_t q = 0; q < l.col_units() * l.unit_cols(); ++q) {
          const std::int64_t p = j < n ? l.column_at(q) : -1;
          const std::uint32_t expected = p >= 0 ? field_of_code<F>(w.code(j, p)) : 0u;
          if (gpu::packed_field(l, packed.data(), j, q) != expected) ++wrong;
          met += p >= 0 ? 1 : 0;
        }
      for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t p = 0; p < k; ++p) {
          const float tensor_scale =
              l.scales == gpu::scale_storage::as_e4m3 ? w.tensor_scale() : 1.0f;
          if (gpu::packed_scale(l, packed.data(), j, p / l.group) * tensor_scale !=
              w.scale_at(j, p))
            ++wrong;
          if constexpr (W::scheme::zero_point != qtl::zero_point_kind::none) {
            const std::int64_t at = l.zero_points_at() + p / l.group * l.padded_n() + j;
            const int zero = static_cast<int>(packed[static_cast<std::size_t>(at)]);
            if (zero != w.zero_point_at(j, p) - F::qmin) ++wrong;
          }
        }
      CHECK(wrong == 0);
      CHECK(met == n * k);
    }
}

TEST_CASE("places are one to one, and a lane's words are fragments") {
  for (const int step_cols : {16, 32})
    for (const int field_bits : {4, 8}) {
      if (step_cols == 32 && field_bits == 8) continue;
      CAPTURE(step_cols);
      CAPTURE(field_bits);
      for (const auto order :
           {gpu::word_order::natural, gpu::word_order::halves, gpu::word_order::bytes}) {
        if (field_bits == 8 && order != gpu::word_order::natural) continue;
        gpu::weight_layout l;
        l.n = 32;
        l.field_bits = field_bits;
        l.step_cols = step_cols;
        l.order = order;
        l.k = l.group = l.unit_cols();
        l.group_steps = l.unit_steps();
        REQUIRE(l.code_bytes() == 512);
        std::vector<int> seen(512 * 8, 0);
        for (int lane = 0; lane < 32; ++lane)
          for (int word = 0; word < 4; ++word)
            for (int field = 0; field < 32 / field_bits; ++field) {
              const int per_step = step_cols / 4;
              const std::int64_t row = 8 * word + lane / 4;
              const std::int64_t q =
                  field / per_step * step_cols + column_of(lane, field % per_step, step_cols);
              const auto at = l.place_of(row, q);
              CHECK(at.byte == lane * 16 + word * 4);
              CHECK(at.bit == gpu::field_of(order, field) * field_bits);
              ++seen[static_cast<std::size_t>(at.byte * 8 + at.bit)];
            }
        for (std::size_t bit = 0; bit < seen.size(); ++bit)
          CHECK(seen[bit] == (bit % static_cast<unsigned>(field_bits) == 0 ? 1 : 0));
      }
    }
}

TEST_CASE("groups start where kernels look for them") {
  const auto layout = [](const qtl::policy_desc& w, std::int64_t k, int step_cols,
                         bool reorders = false) {
    return gpu::make_weight_layout(w, 8, k, step_cols, reorders);
  };
  const auto g128 = layout(qtl::describe<qtl::w4a16::weight>(), 1000, 16);
  CHECK(g128.groups == 8);
  CHECK(g128.group_steps == 8);
  CHECK(g128.columns_match());
  CHECK_FALSE(g128.has_column_order);
  CHECK(g128.steps() == 63);
  CHECK(layout(qtl::describe<qtl::w4a16::weight>(), 1000, 16, true).has_column_order);
  const auto nvfp4 = layout(qtl::describe<qtl::nvfp4_a16::weight>(), 100, 16);
  CHECK(nvfp4.group_steps == 1);
  CHECK(nvfp4.columns_match());
  const auto g20 = layout(qtl::describe<qtl::policy<qtl::s4, symmetric, per_group<20>>>(), 50, 16);
  CHECK(g20.group_steps == 2);
  CHECK(g20.steps() == 5);  // 32, 32 and 10 columns: the last needs no second step
  CHECK(g20.has_column_order);
  CHECK(g20.column_at(19) == 19);
  CHECK(g20.column_at(20) == -1);
  CHECK(g20.column_at(32) == 20);
  CHECK(g20.column_at(73) == 49);
  CHECK(g20.column_at(74) == -1);
  CHECK(layout(qtl::describe<qtl::w4a8_channel::weight>(), 1000, 32).groups == 1);
}

TEST_CASE("policies without a packed form are told") {
  CHECK(gpu::has_weight_layout(qtl::describe<qtl::w4a16::weight>()));
  CHECK(gpu::has_weight_layout(qtl::describe<qtl::w3a16::weight>()));
  CHECK(gpu::has_weight_layout(qtl::describe<qtl::fp4_bnb_a16::weight>()));
  CHECK_FALSE(gpu::has_weight_layout(qtl::describe<qtl::w4a16_shift::weight>()));
  CHECK_FALSE(gpu::has_weight_layout(qtl::describe<qtl::mxfp6::weight>()));
  CHECK_FALSE(gpu::has_weight_layout(qtl::describe<qtl::mxint8::weight>()));
}

TEST_CASE("a step finds its group without a division") {
  for (const std::int32_t group_steps : {1, 2, 3, 5, 6, 7, 8, 24, 1000, 65535, 65536}) {
    CAPTURE(group_steps);
    gpu::weight_layout l;
    l.is_grouped = true;
    l.n = 1;
    l.group_steps = group_steps;
    l.group = 16 * std::int64_t{group_steps};
    l.k = 16 * ((std::int64_t{1} << 32) / group_steps);
    if (l.k / 16 > INT32_MAX) l.k = 16 * std::int64_t{INT32_MAX};
    l.groups = qtl::ceil_div(l.k, l.group);
    const gpu::packed_weight w = gpu::packed_weight_of(l, nullptr);
    REQUIRE(w.steps == l.k / 16);
    int wrong = 0;
    const auto check = [&](std::int64_t step) {
      if (step < 0 || step >= w.steps) return;
      if (w.group_of(static_cast<std::int32_t>(step)) != step / group_steps) ++wrong;
    };
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const std::int64_t near = qtl::counter_random(2, i) % static_cast<std::uint32_t>(w.steps) /
                                group_steps * std::int64_t{group_steps};
      for (int off = -1; off <= 1; ++off) check(near + off);
      check(w.steps - 1 - static_cast<std::int64_t>(i));
      check(static_cast<std::int64_t>(i));
    }
    CHECK(wrong == 0);
  }
}
