// SPDX-License-Identifier: Apache-2.0
// tests/backend/integer_kernels_test.cpp - the integer kernels of every ISA that this machine runs,
// against the reference, bit for bit: random and adversarial codes, every shape of segment and
// every combination of zero points.
#include <vector>

#include <doctest/doctest.h>

#include "qtl/backend/cpu/integer_panels.hpp"

#include "backend/kernel_product.hpp"

namespace {

using namespace qtl_test;

/// Every level that this machine runs, against the reference.
template<class P>
void check_all(P& p) {
  const std::vector<float> expected = p.run(reference::kernel);
  for (const isa_level level : levels) {
    const gemm_kernel& kernel = cpu_kernels::at(level)[0];
    if (!is_available(level)) continue;
    CAPTURE(kernel.name.c_str());
    REQUIRE(kernel.supports(p.args.key));
    const std::vector<float> y = p.run(kernel);
    CHECK(same_bits(y, expected));
  }
}

template<class W, class A>
void check_shapes() {
  for (const shape& s : {shape{1, 1, 1},
                         {1, 5, 7},
                         {2, 64, 32},
                         {3, 33, 31},
                         {5, 65, 129},
                         {7, 127, 128},
                         {13, 100, 500},
                         {50, 70, 260},
                         {20, 49, 1100},
                         {0, 3, 4},
                         {3, 0, 4},
                         {3, 4, 0}}) {
    CAPTURE(s.m);
    CAPTURE(s.n);
    CAPTURE(s.k);
    product<W, A> p(s);
    check_all(p);
  }
}

using token_s4 = policy<s4, symmetric, per_token, dynamic>;
using group_s8 = policy<s8, symmetric, per_group<32>, dynamic>;
using group_u8 = policy<u8, affine, per_group<24>, dynamic>;
using channel_s8 = w8a8::weight;
using channel_u8 = w8a8_affine::weight;
using channel_s4 = w4a8_channel::weight;

TEST_CASE("8-bit weights with one scale a row equal the reference") {
  check_shapes<channel_s8, token_s8>();
  check_shapes<channel_s8, token_u8>();
  check_shapes<channel_s8, w8a8_static::activation>();
  check_shapes<channel_s8, token_s4>();
  check_shapes<channel_u8, token_s8>();
  check_shapes<channel_u8, token_u8>();
  check_shapes<policy<s8, symmetric, per_tensor>, policy<s8, symmetric, per_tensor, dynamic>>();
  check_shapes<policy<u5, affine, per_channel>, token_s4>();
}

TEST_CASE("weights of up to 4 bits with one scale a row equal the reference") {
  check_shapes<channel_s4, token_s8>();
  check_shapes<channel_s4, token_u8>();
  check_shapes<w4a4::weight, token_s4>();
  check_shapes<policy<u2, affine, per_channel>, token_s8>();
}

TEST_CASE("scales that change along k equal the reference") {
  check_shapes<w4a8::weight, token_s8>();
  check_shapes<w4a8::weight, token_u8>();
  check_shapes<w4a16_affine::weight, token_s8>();
  check_shapes<w4a16_g32_affine::weight, token_u8>();
  check_shapes<w3a16::weight, token_s8>();
  check_shapes<w2a16::weight, token_u8>();
  check_shapes<policy<s8, symmetric, per_block<4, 16>>, token_u8>();
}

TEST_CASE("scales of both sides that change along k equal the reference") {
  check_shapes<channel_s8, group_s8>();
  check_shapes<policy<s8, symmetric, per_group<64>>, group_s8>();
  check_shapes<policy<s4, symmetric, per_group<12>>, group_u8>();
  check_shapes<policy<u8, affine, per_group<12>>, group_u8>();
}

TEST_CASE("groups that no step of the kernels divides equal the reference") {
  check_shapes<policy<u4, affine, per_group<5>>, token_u8>();
  check_shapes<policy<s6, symmetric, per_group<7>>, token_s8>();
}

TEST_CASE("nothing saturates or overflows at the extremes of 8 bits") {
  for (const fill how : {fill::lowest, fill::highest, fill::alternating})
    for (const std::int64_t k : {64, 1001, 131071}) {
      CAPTURE(k);
      product<channel_s8, token_s8> s8s8({3, 5, k});
      s8s8.fill_codes(how);
      check_all(s8s8);
      product<channel_s8, token_u8> s8u8({3, 5, k / 2});
      s8u8.fill_codes(how);
      check_all(s8u8);
    }
}

/// Every weight a byte, every activation another.
template<class W, class A>
void check_filled(std::int64_t k, std::uint8_t weight, std::uint8_t activation) {
  CAPTURE(k);
  CAPTURE(activation);
  product<W, A> p({7, 20, k});
  std::memset(const_cast<std::byte*>(p.args.w.codes), weight,
              static_cast<std::size_t>(p.args.w.n * p.args.w.row_bytes));
  for (std::int64_t i = 0; i < p.args.x.m; ++i)
    std::memset(p.activations.data() + i * p.args.x.row_bytes, activation,
                static_cast<std::size_t>(k));
  check_all(p);
}

TEST_CASE("sums of 16 bits hold the extremes of nibbles and bytes") {
  // The largest stored nibble, 15, is 7 of s4 and 15 of u4.
  for (const std::int64_t k : {8, 24, 32, 40, 64, 1001})
    for (const std::uint8_t x : {std::uint8_t{0x80}, std::uint8_t{0x7F}}) {
      check_filled<channel_s4, token_s8>(k, 0x77, x);
      check_filled<policy<u4, affine, per_channel>, token_s8>(k, 0xFF, x);
      check_filled<w4a8::weight, token_s8>(k, 0x77, x);
    }
}

TEST_CASE("the number of threads changes no bit") {
  backwards executor;
  product<w4a8::weight, token_s8> p({70, 100, 300});
  const std::vector<float> expected = p.run(reference::kernel);
  for (const isa_level level : levels)
    if (is_available(level)) CHECK(p.run(cpu_kernels::at(level)[0], executor) == expected);
}

/// Whether the codes of w are those that its packed form gives back.
bool gives_back(const integer_layout& l, const weight_operand& w) {
  auto packed = *buffer<std::byte>::make(l.bytes());
  for (std::int64_t panel = 0; panel < l.panels(); ++panel)
    integer_panels::pack_panel(l, w, panel, packed.data() + panel * l.panel_bytes());
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(w.k));
  for (std::int64_t j = 0; j < w.n; ++j) {
    read_raw_codes(w.elements.bits, w.row(j), 0, w.k, codes.data());
    for (std::int64_t c = 0; c < w.k; ++c)
      if (integer_panels::unpacked_code(l, packed.data(), w.elements.bits, j, c) !=
          codes[static_cast<std::size_t>(c)])
        return false;
  }
  return true;
}

TEST_CASE_TEMPLATE("unpacking gives back the codes that were packed", W, channel_s8, channel_u8,
                   channel_s4, w4a8::weight, w3a16::weight, policy<u5, affine, per_group<7>>) {
  product<W, token_u8> p({1, 70, 45});
  for (const std::int64_t columns : {16, 48})
    for (const std::int64_t adjacent : {4, 8})
      for (const bool unsigned_dot : {false, true})
        CHECK(gives_back(integer_layout::make(p.args.key, 70, 45, columns, adjacent)
                             .with_offset(p.args.w.elements, unsigned_dot),
                         p.args.w));
}

}  // namespace
