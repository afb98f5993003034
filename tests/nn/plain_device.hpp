// SPDX-License-Identifier: Apache-2.0
// tests/nn/plain_device.hpp - a DeviceBackend made of the host's own memory and the reference
// kernel.
// Holds: plain_device<Pairs...>. It lets the device layer be tested without a device: what is
// missing there is refused, what is copied is counted.
#pragma once

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "qtl/gemm/reference.hpp"
#include "qtl/nn/activations.hpp"
#include "qtl/nn/device_linear.hpp"

namespace qtl_test {

/// What a plain_device did.
struct device_log {
  int allocations = 0;
  int living = 0;
  int copies = 0;
  int waits = 0;
  bool is_absent = false;         ///< facts() says that there is no device
  bool refuses_launches = false;  ///< the product's kernel reports a failure
};
inline device_log device_did;

/// The quantizer of policy A, written with the host's.
template<class A>
struct plain_quantizer {
  static bool supports(const qtl::policy_desc& policy, qtl::value_encoding) {
    return policy == qtl::describe<A>();
  }

  static std::vector<float> row_of(const qtl::quantize_args& q, std::int64_t i) {
    std::vector<float> row(static_cast<std::size_t>(q.x.cols));
    const auto* bytes = static_cast<const std::byte*>(q.x.data) + i * q.x.row_bytes();
    const qtl::element_reader reader{q.x.element_bytes() * 8, q.x.encoding, nullptr};
    for (std::int64_t j = 0; j < q.x.cols; ++j)
      reader.read(bytes, q.column_order != nullptr ? q.column_order[j] : j, 1,
                  &row[static_cast<std::size_t>(j)]);
    return row;
  }

  static qtl::status run(const qtl::quantize_args& q) {
    for (std::int64_t i = 0; i < q.x.rows; ++i) {
      std::vector<float> row = row_of(q, i);
      write_row(q, i, {row.data(), 1, q.x.cols});
    }
    return {};
  }

 private:
  static void write_row(const qtl::quantize_args& q, std::int64_t i,
                        qtl::matrix_view<const float> row) {
    if constexpr (qtl::is_unscaled<typename A::scheme>) {
      auto* codes = const_cast<std::byte*>(q.to.row(i));
      for (std::int64_t j = 0; j < row.cols; ++j) {
        const auto bits = A::format::encode(row(0, j));
        std::memcpy(codes + j * std::int64_t{sizeof bits}, &bits, sizeof bits);
      }
    } else {
      qtl::activations::shared_params<A> shared;
      shared.params.scale = q.fixed.scale;
      if constexpr (A::scheme::zero_point == qtl::zero_point_kind::integer)
        shared.params.offset = static_cast<qtl::code_type<typename A::format>>(q.fixed.zero_point);
      // Row i of a matrix whose other rows are nobody's.
      const qtl::matrix_view<const float> x(row.data - i * row.cols, i + 1, row.cols);
      qtl::activations::quantize_token<A>(x, i, shared, q.to);
    }
  }
};

/// One kernel for all keys, in the canonical layout or (Packs) in a copy that it makes.
template<bool Packs>
struct plain_kernels {
  static void run(const qtl::gemm_args& args) {
    if (device_did.refuses_launches) {
      *args.outcome = qtl::failure(qtl::error_code::unsupported, "stream", "refused");
      return;
    }
    qtl::gemm_args g = args;
    std::array<float, 1> unit{1.0f};
    if (g.key.activation.is_unscaled()) {  // block_at() reads a scale; there is one group
      g.x.group_cols = g.x.k > 0 ? g.x.k : 1;
      g.x.groups = 0;
      g.x.scales = unit.data();
    }
    if (Packs) {
      g.w.codes = g.packed + 64;
      g.w.scales = g.w.codes + g.w.n * g.w.row_bytes;
    }
    qtl::reference::run(g);
  }
  static std::int64_t scale_bytes(const qtl::weight_operand& w) {
    return w.scales != nullptr ? w.grid.size() * w.scale_elements.bits / 8 : 0;
  }
  static std::int64_t packed_size(const qtl::gemm_key&, const qtl::weight_operand& w) {
    return 64 + w.n * w.row_bytes + scale_bytes(w);
  }
  static void pack(const qtl::gemm_key&, const qtl::weight_operand& w, std::byte* packed) {
    const auto codes = static_cast<std::size_t>(w.n * w.row_bytes);
    std::memcpy(packed + 64, w.codes, codes);
    std::memcpy(packed + 64 + codes, w.scales, static_cast<std::size_t>(scale_bytes(w)));
  }

  static constexpr qtl::gemm_kernel kernel{
      .name = Packs ? qtl::short_name("plain_packed") : qtl::short_name("plain"),
      .is_fallback = !Packs,
      .supports = [](const qtl::gemm_key& key) { return key.weight.bits != 3; },
      .packed_size = Packs ? packed_size : nullptr,
      .pack = Packs ? pack : nullptr,
      .workspace_size = [](const qtl::gemm_key&, const qtl::gemm_shape& s) { return s.m * 100; },
      .run = run,
      .variant = [](const qtl::gemm_key&,
                    const qtl::gemm_shape& s) { return qtl::fixed_text<64>("m").append(s.m); },
  };
};

/// A device with quantizers for these activation policies.
template<bool Packs, class... A>
struct plain_device {
  static constexpr qtl::short_name name = "plain_device";

  static std::span<const qtl::gemm_kernel> kernels() {
    static constexpr std::array list{plain_kernels<Packs>::kernel};
    return list;
  }
  static std::span<const qtl::device_quantizer> quantizers() {
    static constexpr std::array list{qtl::device_quantizer{
        "plain_quantizer", plain_quantizer<A>::supports, plain_quantizer<A>::run}...};
    return list;
  }
  static qtl::result<qtl::device_facts> facts() {
    if (device_did.is_absent)
      return qtl::failure(qtl::error_code::unsupported, "device", "there is none");
    return qtl::device_facts{"plain", 800, 800, 4, 65536, 1 << 20};
  }
  static qtl::result<void*> allocate(std::int64_t bytes) {
    ++device_did.allocations;
    ++device_did.living;
    void* memory = std::aligned_alloc(256, static_cast<std::size_t>((bytes + 255) / 256 * 256));
    std::memset(memory, 0xA5, static_cast<std::size_t>(bytes));
    return memory;
  }
  static void release(void* memory) {
    --device_did.living;
    std::free(memory);
  }
  static qtl::status copy_to_device(void* to, const void* from, std::int64_t bytes, void*) {
    ++device_did.copies;
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
    return {};
  }
  static qtl::status copy_to_host(void* to, const void* from, std::int64_t bytes, void* stream) {
    return copy_to_device(to, from, bytes, stream);
  }
  static qtl::status synchronize(void*) {
    ++device_did.waits;
    return {};
  }
};

}  // namespace qtl_test
