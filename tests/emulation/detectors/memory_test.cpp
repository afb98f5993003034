// SPDX-License-Identifier: Apache-2.0
// Planted faults in global and shared memory, and in asynchronous copies between them.
#include "qtl/gpu/ptx/memory.cuh"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "qtl/gpu/ptx/barrier.cuh"
#include "qtl/gpu/ptx/cp_async.cuh"
#include "qtl/gpu/ptx/registers.cuh"

#include "emulation/detectors/planted.hpp"
#include "gpu/device.hpp"

namespace {

namespace ptx = qtl::gpu::ptx;
namespace emulated = qtl::gpu::emulated;
using qtl_test::check_report;
using qtl_test::nothing;
using qtl_test::report_of;

/// A pointer for the planted threads, and an offset in words.
struct words {
  std::uint32_t* at;
  std::int64_t offset = 0;

  static void read(const words& w) { ptx::load_global(w.at + w.offset); }
  static void write(const words& w) { ptx::store_global(w.at + w.offset, 1); }
};

std::string read_at(std::uint32_t* at, std::int64_t offset = 0) {
  return report_of<words>({.threads = 1}, &words::read, {at, offset});
}
std::string write_at(std::uint32_t* at, std::int64_t offset = 0) {
  return report_of<words>({.threads = 1}, &words::write, {at, offset});
}

TEST_CASE("global accesses stay inside their allocation") {
  const qtl_test::device_array<std::uint32_t> array(std::vector<std::uint32_t>(10, 3));
  CHECK(read_at(array.data(), 9).empty());
  check_report(read_at(array.data(), 10),
               "4 bytes at offset 40 of an allocation of 40: past its end");
  check_report(write_at(array.data(), 12), "offset 48");
  check_report(read_at(array.data(), -1), "in no allocation");
  std::uint32_t of_the_host = 0;
  check_report(read_at(&of_the_host), "in no allocation");
  check_report(write_at(nullptr), "a null pointer");
}

TEST_CASE("a released allocation is gone") {
  std::uint32_t* gone = nullptr;
  {
    const qtl_test::device_array<std::uint32_t> array(std::vector<std::uint32_t>(10, 3));
    gone = array.data();
  }
  check_report(read_at(gone), "in no allocation");
}

TEST_CASE("global accesses are aligned to their size") {
  struct wide {
    std::byte* at;
    static void read(const wide& w) { ptx::load_global(reinterpret_cast<ptx::words4*>(w.at)); }
  };
  const qtl_test::device_array<std::byte> array(std::vector<std::byte>(64));
  CHECK(report_of<wide>({}, &wide::read, {array.data() + 16}).empty());
  check_report(report_of<wide>({}, &wide::read, {array.data() + 8}),
               "16 bytes at offset 8 of an allocation of 64: not aligned to 16");
}

TEST_CASE("fresh memory is not read before it is written") {
  const qtl_test::device_array<std::uint32_t> array(4);
  check_report(read_at(array.data(), 2), "reads bytes that nobody has written");
  CHECK(write_at(array.data(), 2).empty());
  CHECK(read_at(array.data(), 2).empty());
  check_report(read_at(array.data(), 3), "reads bytes that nobody has written");
}

TEST_CASE("an output is written exactly once") {
  const qtl_test::device_array<std::uint32_t> array(8);
  struct cover {
    std::uint32_t* at;
    static void all(const cover& c) { ptx::store_global(c.at + ptx::thread_index(), 1); }
    static void overlapping(const cover& c) {
      ptx::store_global(c.at + ptx::thread_index() / 2, 1);
    }
  };
  array.expect_written_once();
  CHECK(report_of<cover>({.threads = 8}, &cover::all, {array.data()}).empty());
  CHECK(emulated::check_written().ok());

  array.expect_written_once();
  check_report(report_of<cover>({.threads = 8}, &cover::overlapping, {array.data()}),
               "st.global: 4 bytes at offset");
  emulated::check_written();

  array.expect_written_once();
  CHECK(report_of<cover>({.threads = 7}, &cover::all, {array.data()}).empty());
  const qtl::status missed = emulated::check_written();
  CHECK(missed.actual == 28);
  CHECK(missed.message ==
        "output: the first byte that nobody wrote is 28, expected 32 (planted: seed 1)");

  // The watch has ended: anybody may write again.
  CHECK(report_of<cover>({.threads = 8}, &cover::overlapping, {array.data()}).empty());
}

TEST_CASE("what goes past the instructions is found in the red zone") {
  struct wild {
    std::uint32_t* at;
    static void write(const wild& w) { w.at[10] = 1; }
    static void inside(const wild& w) { w.at[9] = 1; }
  };
  const qtl_test::device_array<std::uint32_t> array(10);
  CHECK(report_of<wild>({.threads = 1}, &wild::inside, {array.data()}).empty());
  check_report(report_of<wild>({.threads = 1}, &wild::write, {array.data()}),
               "wrote beside an allocation of 40 bytes");
  array.data()[10] = 0xfdfdfdfdu;
}

TEST_CASE("shared accesses stay inside the block's memory and are aligned") {
  struct at {
    std::uint32_t offset;
    static void write(const at& a) { ptx::store_shared<double>(ptx::shared_base() + a.offset, 1); }
  };
  const qtl_test::shape one{.threads = 1, .shared_bytes = 128};
  CHECK(report_of<at>(one, &at::write, {120}).empty());
  check_report(report_of<at>(one, &at::write, {128}),
               "st.shared: 8 bytes at shared_base() + 128: the block has 128 bytes");
  check_report(report_of<at>(one, &at::write, {116}), "not aligned to 8");
  check_report(report_of<at>(one, &at::write, {0u - 1024u}), "shared_base() + -1024");
  check_report(report_of<at>(one, &at::write, {2u << 24}), "names block 1 of a cluster of 1");
}

TEST_CASE("shared memory is not read before it is written") {
  struct halves {
    static void bad(const nothing&) {
      ptx::store_shared<std::uint32_t>(ptx::shared_base(), 1);
      ptx::load_shared<ptx::words2>(ptx::shared_base());
    }
    static void good(const nothing&) {
      ptx::store_shared<std::uint32_t>(ptx::shared_base(), 1);
      ptx::store_shared<std::uint32_t>(ptx::shared_base() + 4, 1);
      ptx::load_shared<ptx::words2>(ptx::shared_base());
    }
  };
  const qtl_test::shape one{.threads = 1, .shared_bytes = 128, .blocks = 4};
  check_report(report_of(one, &halves::bad), "reads bytes that nobody has written");
  CHECK(report_of(one, &halves::good).empty());
}

/// Writes a word and reads another thread's.
struct reversed {
  template<bool Synchronized>
  static void run(const nothing&) {
    const std::uint32_t base = ptx::shared_base();
    ptx::store_shared<std::uint32_t>(base + 4 * ptx::thread_index(), 1);
    if constexpr (Synchronized) ptx::block_barrier();
    ptx::load_shared<std::uint32_t>(base + 4 * (63 - ptx::thread_index()));
  }
};

TEST_CASE("a missing barrier between writers and readers is found") {
  const qtl_test::shape two{.threads = 64, .shared_bytes = 256};
  CHECK(qtl_test::seeds_that_find(6, [&] { return report_of(two, &reversed::run<false>); }) == 6);
  CHECK(qtl_test::seeds_that_find(6, [&] { return report_of(two, &reversed::run<true>); }) == 0);
}

/// Each of 32 threads copies 16 bytes and reads them again.
struct copies {
  const ptx::words4* from;
  static std::uint32_t mine() { return ptx::shared_base() + 16 * ptx::thread_index(); }
  static void start(const copies& c) { ptx::cp_async<16>(mine(), c.from + ptx::thread_index()); }

  static void good(const copies& c) {
    start(c);
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();
    ptx::load_shared<ptx::words4>(mine());
  }
  static void without_wait(const copies& c) {
    start(c);
    ptx::cp_async_commit();
    ptx::load_shared<ptx::words4>(mine());
  }
  static void without_commit(const copies& c) {
    start(c);
    ptx::cp_async_wait<0>();
    ptx::load_shared<ptx::words4>(mine());
  }
  static void one_group_short(const copies& c) {
    start(c);
    ptx::cp_async_commit();
    ptx::cp_async_wait<1>();
    ptx::load_shared<ptx::words4>(mine());
  }
  static void two_groups(const copies& c) {
    start(c);
    ptx::cp_async_commit();
    ptx::cp_async<16>(mine() + 512, c.from + ptx::thread_index());
    ptx::cp_async_commit();
    ptx::cp_async_wait<1>();
    ptx::load_shared<ptx::words4>(mine());
    ptx::cp_async_wait<0>();
  }
  static void writes_over_it(const copies& c) {
    start(c);
    ptx::store_shared<float>(mine(), 1);
  }
  static void twice_to_one_place(const copies& c) {
    start(c);
    start(c);
  }
  static void runs_on_at_the_end(const copies& c) { start(c); }
  static void without_barrier(const copies& c) {
    good(c);
    ptx::load_shared<ptx::words4>(ptx::shared_base() + 16 * (31 - ptx::thread_index()));
  }
};

TEST_CASE("a copy lands at the last wait that must not return before it") {
  const qtl_test::device_array<ptx::words4> from(std::vector<ptx::words4>(32));
  const copies c{from.data()};
  const auto report = [&](void (*body)(const copies&)) {
    return report_of<copies>({.shared_bytes = 1024}, body, c);
  };
  CHECK(report(&copies::good).empty());
  CHECK(report(&copies::two_groups).empty());
  const char* in_flight = "the destination of a copy that is still in flight";
  check_report(report(&copies::without_wait), in_flight);
  check_report(report(&copies::without_commit), in_flight);
  check_report(report(&copies::one_group_short), in_flight);
  check_report(report(&copies::writes_over_it), in_flight);
  check_report(report(&copies::twice_to_one_place), in_flight);
  check_report(report(&copies::runs_on_at_the_end), "ends while its cp.async copies still run");
  check_report(report(&copies::without_barrier), "16 bytes at shared_base()");
}

TEST_CASE("a copy fills with zeros, and checks both its ends") {
  struct part {
    const std::byte* from;
    int bytes;
    std::uint32_t to;
    static void run(const part& p) {
      ptx::cp_async<16>(ptx::shared_base() + p.to, p.from, p.bytes);
      ptx::cp_async_commit();
      ptx::cp_async_wait<0>();
      const auto got = ptx::load_shared<ptx::words4>(ptx::shared_base() + p.to);
      const std::uint32_t first = p.bytes == 0 ? 0 : 0x01010101u;
      if (got.w[0] != first || got.w[1] != (first & 0xffu) || got.w[3] != 0)
        emulated::fail("planted", "wrong bytes");
    }
  };
  const qtl_test::device_array<std::byte> from(std::vector<std::byte>(32, std::byte{1}));
  const auto report = [](const part& p) {
    return report_of<part>({.threads = 1, .shared_bytes = 64}, &part::run, p);
  };
  CHECK(report({from.data(), 5, 0}).empty());
  CHECK(report({from.data() + 32, 0, 0}).empty());
  check_report(report({from.data() + 16, 17, 0}), "copies 17 of 16 bytes");
  check_report(report({from.data() + 8, 5, 0}), "not aligned to 16");
  check_report(report({from.data() + 32, 5, 0}), "past its end");
  check_report(report({nullptr, 0, 0}), "null pointer");
  check_report(report({from.data(), 5, 8}), "not aligned to 16");
  check_report(report({from.data(), 5, 64}), "the block has 64 bytes");
}

TEST_CASE("host copies are checked too") {
  const qtl_test::device_array<std::uint32_t> array(4);
  std::uint32_t host[8] = {};
  CHECK(qtl::gpu::copy_to_device(array.data(), host, 20).actual == 20);
  CHECK(qtl::gpu::copy_to_host(host, host + 4, 4).message == "from: is no memory of the GPU");
  CHECK(qtl::gpu::fill(array.data() + 1, 7, 12).ok());
  CHECK(array.download() ==
        std::vector<std::uint32_t>{0xcdcdcdcdu, 0x07070707u, 0x07070707u, 0x07070707u});
}

}  // namespace
