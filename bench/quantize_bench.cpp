// SPDX-License-Identifier: Apache-2.0
// bench/quantize_bench.cpp - quantize and dequantize beside memcpy.
// GB/s counts what an operation reads and what it writes; memcpy gets as many bytes, half to read
// and half to write.
#include <array>
#include <cstring>

#include "qtl/core.hpp"
#include "qtl/nn/activations.hpp"

#include "benchmarks.hpp"
#include "inputs.hpp"
#include "paired_timing.hpp"

namespace qtl_bench {

namespace {

constexpr std::int64_t weight_rows = 4096;
constexpr std::int64_t token_rows = 512;
constexpr std::int64_t columns = 4096;

// Every benchmark reads the same reals.
const qtl::matrix<float>& source(std::int64_t rows) {
  static const qtl::matrix<float> weight = random_matrix(weight_rows, columns, 1);
  static const qtl::matrix<float> tokens = random_matrix(token_rows, columns, 2);
  return rows == weight_rows ? weight : tokens;
}

// Copies bytes / 2 bytes, the same ones each time.
void copy_half(std::int64_t bytes) {
  static auto to = qtl::value_or_throw(qtl::buffer<std::byte>::make(weight_rows * columns * 4));
  std::memcpy(to.data(), source(weight_rows).data(), static_cast<std::size_t>(bytes / 2));
  benchmark::ClobberMemory();
}

template<class F>
void time_beside_memcpy(benchmark::State& state, std::int64_t bytes, const qtl::policy_desc& desc,
                        F&& f) {
  copy_half(bytes);
  paired_times times;
  for ([[maybe_unused]] auto step : state) {
    const double ours = seconds_of([&] {
      f();
      benchmark::ClobberMemory();
    });
    times.add(ours, seconds_of([&] { copy_half(bytes); }));
    state.SetIterationTime(ours);
  }
  state.counters["vs_memcpy"] = times.speedup();
  state.counters["GB/s"] = 1e-9 * static_cast<double>(bytes) / times.seconds();
  state.SetLabel(qtl::to_text(desc).c_str());
}

// Whether codes and reals at 64 places equal the specification, element.hpp.
template<class P>
bool is_right(const qtl::QTensor<P>& q, const qtl::matrix<float>& x, const qtl::matrix<float>& y) {
  for (int draw = 0; draw < 64; ++draw) {
    const std::int64_t i = random_index(1, draw, q.rows());
    const std::int64_t j = random_index(2, draw, q.cols());
    const auto params = q.view().params_at(i, j);
    if (q.code(i, j) != qtl::encode_element<P>(x(i, j), params)) return false;
    if (y(i, j) != qtl::decode_element<P>(q.code(i, j), params)) return false;
  }
  return true;
}

template<class P>
void quantize_weight(benchmark::State& state) {
  const qtl::matrix<float>& x = source(weight_rows);
  qtl::QTensor<P> q = qtl::quantize<P>(x);
  if (!is_right(q, x, qtl::dequantize(q))) return refuse(state, "wrong codes");
  time_beside_memcpy(state, x.rows() * x.cols() * 4 + q.bytes(), qtl::describe<P>(), [&] {
    qtl::QTensorSpan<P> to = q.span();
    qtl::throw_if_failed(qtl::quantize_into<P>(x.view(), to));
  });
}

template<class P>
void dequantize_weight(benchmark::State& state) {
  const qtl::matrix<float>& x = source(weight_rows);
  const qtl::QTensor<P> q = qtl::quantize<P>(x);
  qtl::matrix<float> y = qtl::dequantize(q);
  if (!is_right(q, x, y)) return refuse(state, "wrong reals");
  time_beside_memcpy(state, x.rows() * x.cols() * 4 + q.bytes(), qtl::describe<P>(),
                     [&] { qtl::throw_if_failed(qtl::dequantize_into<P>(q.view(), y.view())); });
}

// Whether the codes of tokens at 64 places equal the specification.
template<class A>
bool is_right(const qtl::activation_operand& got, const qtl::matrix<float>& x) {
  for (int draw = 0; draw < 64; ++draw) {
    const std::int64_t i = random_index(1, draw, x.rows());
    const std::int64_t j = random_index(2, draw, x.cols());
    const qtl::block_values block = got.block_at(i, j);
    qtl::qparams<A> params;
    params.scale = block.scale;
    if constexpr (A::scheme::zero_point == qtl::zero_point_kind::integer)
      params.offset = static_cast<qtl::offset_type<A>>(block.zero_point);
    const auto code = qtl::to_bits<typename A::format>(qtl::encode_element<A>(x(i, j), params));
    if (qtl::load_code<A::format::bits>(got.row(i), j) != code) return false;
  }
  return true;
}

template<class A>
void quantize_tokens(benchmark::State& state) {
  const qtl::matrix<float>& x = source(token_rows);
  const qtl::activation_layout<A> layout{x.rows(), x.cols()};
  auto memory = qtl::value_or_throw(qtl::buffer<std::byte>::make(layout.size()));
  const auto prepare = [&] { return qtl::prepare_activations<A>(x.view(), {}, memory.data(), {}); };
  if (!is_right<A>(prepare(), x)) return refuse(state, "wrong codes");
  time_beside_memcpy(state, x.rows() * x.cols() * 4 + layout.size(), qtl::describe<A>(), prepare);
}

void add(const std::string& name, void (*f)(benchmark::State&)) {
  benchmark::RegisterBenchmark(name.c_str(), f)->UseManualTime()->Unit(benchmark::kMillisecond);
}

using weights = qtl::type_list<qtl::w8a8, qtl::w8a8_affine, qtl::w4a8, qtl::w4a16,
                               qtl::w4a16_affine, qtl::w4a16_shift, qtl::w3a16, qtl::fp8,
                               qtl::mxfp8, qtl::mxfp4, qtl::nvfp4, qtl::nf4_a16>;
using tokens = qtl::type_list<qtl::w8a8, qtl::w8a8_affine, qtl::w4a4, qtl::fp8, qtl::mxfp8>;

}  // namespace

void register_quantize() {
  qtl::for_each_type(weights{}, []<class Pair>() {
    const std::string name = Pair::name.c_str();
    add("quantize/" + name, quantize_weight<typename Pair::weight>);
    add("dequantize/" + name, dequantize_weight<typename Pair::weight>);
  });
  qtl::for_each_type(tokens{}, []<class Pair>() {
    add(std::string("quantize_tokens/") + Pair::name.c_str(),
        quantize_tokens<typename Pair::activation>);
  });
}

}  // namespace qtl_bench
