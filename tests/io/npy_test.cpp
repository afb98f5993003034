// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/npy.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "io_test_util.hpp"
#include "malformed_npy.hpp"

using namespace qtl::io;

namespace {
// The bytes must outlive the file where its data are touched.
qtl::result<npy_file> parse(const std::string& bytes) {
  return npy_file::from_memory(bytes_of(bytes), "test");
}
}  // namespace

TEST_CASE("golden: the int8 array of three that NumPy writes") {
  const std::string dict = "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }";
  const std::string expected = std::string("\x93NUMPY\1\0\x76\0", 10) + dict +
                               std::string(117 - dict.size(), ' ') + "\n\1\2\3";
  const temporary_folder folder;
  const std::string path = folder.file("a.npy");
  const std::int64_t shape[] = {3};
  REQUIRE(try_write_npy_bytes(path, "|i1", shape, bytes_of("\1\2\3")).ok());
  CHECK(get_file(path) == expected);
  const auto file = npy_file::open(path);
  REQUIRE(file.ok());
  CHECK(file->header().descr == "|i1");
  CHECK(file->header().shape == std::vector<std::int64_t>{3});
  CHECK(!file->header().fortran_order);
  CHECK(file->header().data_begin == 128);
  CHECK(file->bytes().size() == 3);
  CHECK(file->try_matrix().why().code == qtl::error_code::unsupported);
}

TEST_CASE("matrices: written, read back, of any strides") {
  const temporary_folder folder;
  const std::string path = folder.file("m.npy");
  const float data[] = {1, -2, 3.5f, 4, 5, 6};
  REQUIRE(try_write_npy(path, qtl::matrix_view<const float>(data, 3, 2, 1, 3)).ok());
  CHECK(contains(get_file(path), "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"));
  const auto m = try_read_npy(path);
  REQUIRE(m.ok());
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j) CHECK((*m)(i, j) == data[j * 3 + i]);
  REQUIRE(try_write_npy(path, *m).ok());
  CHECK((*try_read_npy(path))(2, 1) == 6.0f);
}

TEST_CASE("float types, both orders, both ranks, at an odd address") {
  // 2x3 in Fortran order, as numpy.asfortranarray(numpy.arange(6.).reshape(2, 3)): columns (0,3)
  // (1,4) (2,5).
  const double columns[] = {0, 3, 1, 4, 2, 5};
  std::string f8 = npy_bytes("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n", 0);
  f8.append(reinterpret_cast<const char*>(columns), sizeof columns);
  const std::string shifted = "?" + f8;
  const auto file = npy_file::from_memory(bytes_of(shifted).subspan(1), "test");
  REQUIRE(file.ok());
  const auto m = file->try_matrix();
  REQUIRE(m.ok());
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) CHECK((*m)(i, j) == static_cast<float>(3 * i + j));

  const std::string halves = npy_dict("'<f2'", "(2,)", 0) + std::string("\0\x3C\0\xC0", 4);
  const auto f2 = parse(halves);
  REQUIRE(f2.ok());
  const auto row = f2->try_matrix();
  CHECK(row->rows() == 1);
  CHECK((*row)(0, 0) == 1.0f);
  CHECK((*row)(0, 1) == -2.0f);
}

TEST_CASE("what else a header may look like") {
  const std::string scalar = npy_dict("'<f4'", "()", 4);
  REQUIRE(parse(scalar).ok());
  CHECK(parse(scalar)->try_matrix().why().code == qtl::error_code::shape_mismatch);
  for (const int major : {1, 2, 3}) {
    CAPTURE(major);
    CHECK(
        parse(npy_bytes("{'descr': '|V1', 'fortran_order': False, 'shape': (2, 2)}  \n", 4, major))
            .ok());
    CHECK(parse(npy_bytes("{\"shape\":(4,),\"descr\":\"|b1\",\"fortran_order\":True}\n", 4, major))
              .ok());
  }
  for (const char* descr : {"'|u1'", "'<u1'", "'|b1'", "'|V1'"})
    CHECK(parse(npy_dict(descr, "( 4 , )", 4)).ok());
  for (const char* descr : {"'<i2'", "'<f2'", "'<V2'", "'|V2'"})
    CHECK(parse(npy_dict(descr, "(2, 1,)", 4)).ok());
  for (const char* descr : {"'<c32'", "'<f16'", "'<u8'", "'<i4'"})
    CHECK(parse(npy_dict(descr, "(1,)", 0)).ok() == false);
  CHECK(parse(npy_dict("'<c16'", "(1,)", 16)).ok());
}

TEST_CASE("empty arrays, also beside huge extents") {
  for (const char* order : {"True", "False"}) {
    const std::string bytes = npy_bytes("{'descr': '<f4', 'fortran_order': " + std::string(order) +
                                            ", 'shape': (4611686018427387904, 0)}\n",
                                        0);
    const auto file = parse(bytes);
    REQUIRE(file.ok());
    const auto m = file->try_matrix();
    REQUIRE(m.ok());
    CHECK(m->rows() == 4611686018427387904);
    CHECK(m->cols() == 0);
  }
  CHECK(parse(npy_dict("'<f8'", "(4611686018427387904, 4611686018427387904, 0)", 0)).ok());
}

TEST_CASE("the header alone is enough") {
  const std::string file = npy_dict("'<f4'", "(2, 3)", 24);
  const std::string head = file.substr(0, file.size() - 24);
  CHECK(parse_npy_header(bytes_of(head), std::ssize(file), "remote").ok());
  CHECK(parse_npy_header(bytes_of(head.substr(0, 30)), std::ssize(file), "remote").why().code ==
        qtl::error_code::invalid_argument);
}

TEST_CASE("headers are aligned to 64 whatever their length") {
  std::vector<std::int64_t> shape;
  for (int rank = 0; rank < 40; ++rank) {
    const auto header = write_npy_header("<f4", shape);
    REQUIRE(header.ok());
    CHECK(header->size() % 64 == 0);
    const auto parsed = parse_npy_header(bytes_of(*header), std::ssize(*header) + 4, "test");
    REQUIRE(parsed.ok());
    CHECK(parsed->shape == shape);
    shape.push_back(1);
  }
  CHECK(!write_npy_header("<f4", std::vector<std::int64_t>(40'000, 1)).ok());
}

TEST_CASE("what could not be read back is not written") {
  const temporary_folder folder;
  const std::string path = put_file(folder.file("a.npy"), "old");
  const std::int64_t shape[] = {2};
  CHECK(try_write_npy_bytes(path, "<f4", shape, bytes_of("1234")).code ==
        qtl::error_code::shape_mismatch);
  CHECK(try_write_npy_bytes(path, ">f4", shape, bytes_of("12345678")).code ==
        qtl::error_code::unsupported);
  CHECK(try_write_npy_bytes(path, "|O", shape, bytes_of("12345678")).code ==
        qtl::error_code::unsupported);
  const std::int64_t negative[] = {-2};
  CHECK(try_write_npy_bytes(path, "<f4", negative, {}).code == qtl::error_code::invalid_argument);
  CHECK(get_file(path) == "old");
  CHECK(folder.entries() == 1);
}

#if QTL_EXCEPTIONS
TEST_CASE("the throwing forms") {
  const temporary_folder folder;
  const float one = 1;
  write_npy(folder.file("a.npy"), qtl::matrix_view<const float>(&one, 1, 1));
  CHECK(read_npy(folder.file("a.npy"))(0, 0) == 1.0f);
  CHECK(npy_file(folder.file("a.npy")).matrix()(0, 0) == 1.0f);
  CHECK_THROWS_AS(read_npy(folder.file("none")), qtl::error);
}
#endif
