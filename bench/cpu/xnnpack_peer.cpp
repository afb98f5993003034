// SPDX-License-Identifier: Apache-2.0
// bench/cpu/xnnpack_peer.cpp - XNNPACK's fully-connected operators: f32, and 8-bit codes with
// static scales, whose results are codes again: a quarter of the bytes that others write, and
// nothing is quantized at run time. Operators own their packed weights: each copy of those is an
// operator.
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <xnnpack.h>

#include "contestants.hpp"
#include "integer_codes.hpp"
#include "verification.hpp"

namespace qtl_bench {

namespace {

void require(xnn_status status, const char* function) {
  if (status != xnn_status_success)
    throw std::runtime_error(std::string("XNNPACK: ") + function + " returned status " +
                             std::to_string(status) + ", expected 0");
}

// The size of the largest block since it was last set to 0: operators do not tell how large their
// packed weights are.
std::size_t largest_block = 0;

// XNNPACK takes its memory from here: the C library's.
const xnn_allocator noting_allocator{
    nullptr,
    [](void*, std::size_t size) { return std::malloc(size); },
    [](void*, void* block, std::size_t size) { return std::realloc(block, size); },
    [](void*, void* block) { std::free(block); },
    [](void*, std::size_t alignment, std::size_t size) {
      largest_block = std::max(largest_block, size);
      return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    },
    [](void*, void* block) { std::free(block); },
};

struct release {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
  void operator()(pthreadpool_t pool) const { pthreadpool_destroy(pool); }
};

/// The operators of a problem, in rotation.
class xnnpack_operators {
 public:
  /// create(&op) packs the weights, setup(op, pool) ties them to operands; both return a status.
  template<class Create, class Setup>
  xnnpack_operators(const problem& p, Create&& create, Setup&& setup) {
    require(xnn_initialize(&noting_allocator), "xnn_initialize");
    if (p.executor.threads() > 1)
      pool_.reset(pthreadpool_create(static_cast<std::size_t>(p.executor.threads())));
    largest_block = 0;
    do {
      xnn_operator_t made = nullptr;
      require(create(&made), "xnn_create_fully_connected_nc");
      operators_.emplace_back(made);
      bytes_ = static_cast<std::int64_t>(largest_block);
      require(setup(made, pool_.get()), "xnn_setup_fully_connected_nc");
    } while (std::ssize(operators_) < p.copies(bytes()));
  }

  std::int64_t bytes() const { return bytes_; }
  void run(std::int64_t turn) {
    xnn_operator_t op = operators_[static_cast<std::size_t>(turn) % operators_.size()].get();
    require(xnn_run_operator(op, pool_.get()), "xnn_run_operator");
  }

 private:
  std::unique_ptr<pthreadpool, release> pool_;
  std::vector<std::unique_ptr<xnn_operator, release>> operators_;
  std::int64_t bytes_ = 0;
};

// Room for what XNNPACK reads behind the end.
template<class T>
std::vector<T> with_room(std::vector<T> numbers) {
  numbers.resize(numbers.size() + XNN_EXTRA_BYTES / sizeof(T));
  return numbers;
}

/// The extents as XNNPACK takes them.
struct sizes {
  std::size_t m, n, k;

  explicit sizes(const problem& p)
      : m(static_cast<std::size_t>(p.x.rows())), n(static_cast<std::size_t>(p.w.rows())),
        k(static_cast<std::size_t>(p.x.cols())) {}
};

class xnnpack_f32 final : public contestant {
 public:
  explicit xnnpack_f32(const problem& p)
      : problem_(p),
        x_(with_room(std::vector<float>(p.x.data(), p.x.data() + p.x.rows() * p.x.cols()))),
        y_(qtl::value_or_throw(qtl::matrix<float>::make(p.x.rows(), p.w.rows()))),
        operators_(
            p,
            [s = sizes(p), &p](xnn_operator_t* op) {
              constexpr float infinity = std::numeric_limits<float>::infinity();
              return xnn_create_fully_connected_nc_f32(s.k, s.n, s.k, s.n, p.w.data(), nullptr,
                                                       -infinity, infinity, 0, op);
            },
            [this, s = sizes(p)](xnn_operator_t op, pthreadpool_t pool) {
              return xnn_setup_fully_connected_nc_f32(op, s.m, x_.data(), y_.data(), pool);
            }) {}

  contestant_info info() const override {
    return {"xnnpack f32", "fully_connected_nc_f32", peak_kind::f32, true, operators_.bytes()};
  }
  void run(std::int64_t turn) override { operators_.run(turn); }
  std::string find_error() const override { return find_wrong_product(problem_, y_); }

 private:
  problem problem_;
  std::vector<float> x_;
  qtl::matrix<float> y_;
  xnnpack_operators operators_;
};

/// One scale and one zero point for each operand. Results have a deviation of about 40 codes.
template<class Code>
struct quantization {
  Code zero_x, zero_w, zero_y;
  float scale_y;

  static constexpr float scale = 1 / codes_of_one;  ///< of x and of w
  static constexpr Code least = std::numeric_limits<Code>::min();
  static constexpr Code most = std::numeric_limits<Code>::max();
};

float scale_of_results(const problem& p) { return std::sqrt(static_cast<float>(p.x.cols())) / 40; }

xnn_status create(const sizes& s, const quantization<std::int8_t>& q, const std::uint8_t* w,
                  xnn_operator_t* op) {
  return xnn_create_fully_connected_nc_qs8(s.k, s.n, s.k, s.n, q.zero_x, q.scale, q.scale,
                                           reinterpret_cast<const std::int8_t*>(w), nullptr,
                                           q.zero_y, q.scale_y, q.least, q.most, 0, op);
}

xnn_status create(const sizes& s, const quantization<std::uint8_t>& q, const std::uint8_t* w,
                  xnn_operator_t* op) {
  return xnn_create_fully_connected_nc_qu8(s.k, s.n, s.k, s.n, q.zero_x, q.scale, q.zero_w, q.scale,
                                           w, nullptr, q.zero_y, q.scale_y, q.least, q.most, 0, op);
}

xnn_status set_up(xnn_operator_t op, std::size_t m, const std::uint8_t* x, std::int8_t* y,
                  pthreadpool_t pool) {
  return xnn_setup_fully_connected_nc_qs8(op, m, reinterpret_cast<const std::int8_t*>(x), y, pool);
}

xnn_status set_up(xnn_operator_t op, std::size_t m, const std::uint8_t* x, std::uint8_t* y,
                  pthreadpool_t pool) {
  return xnn_setup_fully_connected_nc_qu8(op, m, x, y, pool);
}

template<class Code>
class xnnpack_int8 final : public contestant {
 public:
  xnnpack_int8(const char* name, const problem& p, const quantization<Code>& q)
      : name_(name), k_(p.x.cols()), q_(q), x_(with_room(codes_of(p.x, std::is_unsigned_v<Code>))),
        w_(codes_of(p.w, std::is_unsigned_v<Code>)),
        y_(qtl::value_or_throw(qtl::matrix<Code>::make(p.x.rows(), p.w.rows()))),
        operators_(
            p, [this, s = sizes(p)](xnn_operator_t* op) { return create(s, q_, w_.data(), op); },
            [this, s = sizes(p)](xnn_operator_t op, pthreadpool_t pool) {
              return set_up(op, s.m, x_.data(), y_.data(), pool);
            }) {}

  contestant_info info() const override {
    return {name_, std::is_unsigned_v<Code> ? "fully_connected_nc_qu8" : "fully_connected_nc_qs8",
            peak_kind::int8, true, operators_.bytes()};
  }
  void run(std::int64_t turn) override { operators_.run(turn); }
  // The code nearest to the exact value: half a code away, and what its f32 scale is off.
  std::string find_error() const override {
    return find_wrong_output(y_.view(), [&](std::int64_t i, std::int64_t j) {
      std::int64_t sum = 0;
      for (std::int64_t p = 0; p < k_; ++p)
        sum += (code(x_, i * k_ + p) - q_.zero_x) * (code(w_, j * k_ + p) - q_.zero_w);
      const double real = static_cast<double>(sum) * static_cast<double>(q_.scale * q_.scale);
      const double exact = real / static_cast<double>(q_.scale_y) + q_.zero_y;
      return expectation{std::clamp<double>(exact, q_.least, q_.most), 0.501};
    });
  }

 private:
  static std::int64_t code(const std::vector<std::uint8_t>& codes, std::int64_t at) {
    return static_cast<Code>(codes[static_cast<std::size_t>(at)]);
  }

  const char* name_;
  std::int64_t k_;
  quantization<Code> q_;
  std::vector<std::uint8_t> x_, w_;
  qtl::matrix<Code> y_;
  xnnpack_operators operators_;
};

}  // namespace

std::unique_ptr<contestant> make_xnnpack_f32(const problem& p) {
  return std::make_unique<xnnpack_f32>(p);
}
std::unique_ptr<contestant> make_xnnpack_qs8(const problem& p) {
  return std::make_unique<xnnpack_int8<std::int8_t>>(
      "xnnpack qs8", p, quantization<std::int8_t>{0, 0, 0, scale_of_results(p)});
}
std::unique_ptr<contestant> make_xnnpack_qu8(const problem& p) {
  return std::make_unique<xnnpack_int8<std::uint8_t>>(
      "xnnpack qu8 zp zp", p, quantization<std::uint8_t>{133, 131, 128, scale_of_results(p)});
}

}  // namespace qtl_bench
