// SPDX-License-Identifier: Apache-2.0
#include "qtl/io/json.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "qtl/io/json_writer.hpp"
#include "qtl/io/utf8.hpp"

using namespace qtl::io;

namespace {

// Writes every event down, so that a test can compare one string.
struct recorder {
  std::string events;
  bool add(const std::string& event) {
    events += event + " ";
    return event != "s:stop";
  }
  bool begin_object() { return add("{"); }
  bool end_object() { return add("}"); }
  bool begin_array() { return add("["); }
  bool end_array() { return add("]"); }
  bool key(std::string_view k) { return add("k:" + std::string(k)); }
  bool string(std::string_view s) { return add("s:" + std::string(s)); }
  bool unsigned_number(std::uint64_t n) { return add("u:" + std::to_string(n)); }
  bool negative_number(std::int64_t n) { return add("n:" + std::to_string(n)); }
  bool real_number(double d) { return add("r:" + std::to_string(d)); }
  bool boolean(bool b) { return add(b ? "true" : "false"); }
  bool null() { return add("null"); }
  qtl::status why() const {
    return qtl::failure(qtl::error_code::invalid_argument, "recorder", "told to stop");
  }
};

std::string events_of(std::string_view text) {
  recorder r;
  const qtl::status s = parse_json(text, r);
  return s.ok() ? r.events : s.message.c_str();
}

}  // namespace

TEST_CASE("events come in the order of the text") {
  CHECK(events_of(" {\"a\": [1, -2, 0.5, true, false, null, \"x\"], \"b\": {}} \r\n\t") ==
        "{ k:a [ u:1 n:-2 r:0.500000 true false null s:x ] k:b { } } ");
  CHECK(events_of("\"\\u00e9\\n\\ud83d\\ude00\"") == "s:\xC3\xA9\n\xF0\x9F\x98\x80 ");
  CHECK(events_of("18446744073709551615") == "u:18446744073709551615 ");
  CHECK(events_of("-9223372036854775808") == "n:-9223372036854775808 ");
  CHECK(events_of("-0") == "n:0 ");
  CHECK(events_of("18446744073709551616") == "r:18446744073709551616.000000 ");
}

TEST_CASE("a visitor can stop, and its reason comes back") {
  CHECK(events_of("[\"stop\", 1]") == "recorder: told to stop");
}

TEST_CASE("what strict means") {
  CHECK(events_of("{\"a\":1,\"a\":2}") == "json: the key 'a' stands twice in one object");
  CHECK(events_of("{\"b\":{\"x\":1},\"c\":{\"x\":1}}") == "{ k:b { k:x u:1 } k:c { k:x u:1 } } ");
  CHECK(events_of("{\"b\":{\"b\":1}}") == "{ k:b { k:b u:1 } } ");
  CHECK(events_of("[{\"q\":{},\"r\":{},\"q\":{}}]") ==
        "json: the key 'q' stands twice in one object");
  CHECK(events_of("[1] [2]") == "json: text follows the JSON value at byte 4");
  CHECK(events_of("[1") == "json: the JSON text ends too early at byte 2");
  CHECK(events_of("") == "json: the JSON text ends too early at byte 0");
  CHECK(events_of("[1,]") == "json: not valid JSON at byte 3");
  CHECK(events_of("[01]") == "json: not valid JSON at byte 2");
  CHECK(events_of("// x\n1") == "json: not valid JSON at byte 0");
  CHECK(events_of("\"\xED\xA0\x80\"") == "json: the text is not valid UTF-8");
  CHECK(events_of(std::string_view("1\0", 2)) == "json: the text holds a NUL byte");
  CHECK(events_of("\xEF\xBB\xBF"
                  "1") == "json: the text starts with a byte order mark");
  CHECK(events_of("[1e400]") == "json: a number is beyond the range of double at byte 5");
}

TEST_CASE("depth and length are limited") {
  json_limits limits;
  limits.max_depth = 3;
  limits.max_bytes = 10;
  recorder r;
  CHECK(parse_json("[[[1]]]", r, limits).ok());
  CHECK(parse_json("[[[[1]]]]", r, limits).message.view() ==
        "json: nesting depth is 4, expected 3 at most");
  CHECK(parse_json("[[],[],[]]", r, limits).ok());
  CHECK(parse_json("[[],[],[] ]", r, limits).message.view() ==
        "json: length in bytes is 11, expected 10 at most");
  const std::string deep(1'000'000, '[');
  CHECK(parse_json(deep, r).code == qtl::error_code::malformed_file);
}

TEST_CASE("well-formed UTF-8 is what Unicode's table 3-7 says") {
  CHECK(is_utf8(""));
  CHECK(
      is_utf8("a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80"
              "\x80\xF4\x8F\xBF\xBF"));
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE1\x80",
        "\xED\xA0\x80", "\xEF\xBF\xC0", "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(bad);
    CHECK(!is_utf8(bad));
  }
}

TEST_CASE("what the writer writes, another parser reads back") {
  std::string every;
  for (int c = 1; c < 0x80; ++c) every += static_cast<char>(c);
  every += "\xC3\xA9\xF0\x9F\x98\x80";
  json_writer w;
  w.begin_object()
      .key(every)
      .string(every)
      .key("n")
      .begin_array()
      .number(-1)
      .number(INT64_MAX)
      .end_array();
  w.key("t").boolean(true).key("e").begin_object().end_object().end_object();
  const nlohmann::json tree = nlohmann::json::parse(w.text());
  CHECK(tree.at(every).get<std::string>() == every);
  CHECK(tree.at("n").dump() == "[-1,9223372036854775807]");
  CHECK(tree.at("t").get<bool>());
  CHECK(tree.at("e").empty());
  CHECK(json_writer().begin_array().string("\"\\\b\f\n\r\t\x01/").end_array().text() ==
        "[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\"]");
}
