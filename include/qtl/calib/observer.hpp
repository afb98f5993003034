// SPDX-License-Identifier: Apache-2.0
// qtl/calib/observer.hpp - what watches reals go by and ends with a range.
// Holds: the concept Observer, try_params<P>, clipped, and the bytes that observers are stored as.
// Not here: how a batch is read (scan.hpp), the walk over layers (calibrate.hpp).
// To add one: a file beside this with a class that satisfies the concept, and a line in observers.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "qtl/calib/scan.hpp"
#include "qtl/ops/quantize.hpp"

namespace qtl::inline v0 {

/// The test behind Observer.
template<class O>
inline constexpr bool is_observer =
    requires(O& o, const O& c, matrix_view<const float> x, std::span<const std::byte> bytes) {
      { O::name } -> std::convertible_to<short_name>;
      { o.observe(x) } -> std::same_as<status>;
      { o.merge(c) } -> std::same_as<status>;
      o.reset();
      { c.empty() } -> std::same_as<bool>;
      { c.range() } -> std::same_as<value_range>;
      { c.save() } -> std::same_as<std::vector<std::byte>>;
      { O::load(bytes) } -> std::same_as<result<O>>;
    };

/// Satisfied by a copyable class with `name`, observe(batch) (refusing NaN and Inf by row and
/// column, and then unchanged), merge(other) (refusing other options, and then unchanged), reset()
/// (which keeps the options), empty(), range(), save() and load(bytes). A batch without elements
/// changes nothing.
/// Why: batches may be split over threads, machines and days; observers of shards merge.
template<class O>
concept Observer =
    is_observer<O> ||
    unsatisfied<"an observer needs name, observe, merge, reset, empty, range, save and load", O>;

/// A range cut at low and high, low <= high. Where it lies outside altogether it becomes the nearer
/// end.
constexpr value_range clipped(value_range range, float low, float high) {
  const auto inside = [&](float x) { return x < low ? low : x > high ? high : x; };
  return {inside(range.min), inside(range.max)};
}

/// What merge() answers to an observer whose options differ.
inline status different_options(std::string_view name) {
  status s = failure(error_code::invalid_argument, "other", "not made with the options of this ");
  s.message.append(name).append(" observer");
  return s;
}

/// What a form that needs a range answers where nothing was seen.
inline status no_samples(const char* operand) {
  return failure(error_code::invalid_argument, operand,
                 "no samples were seen, expected at least one");
}

/// The parameters of a per_tensor policy for what an observer has seen. Error: invalid_argument
/// where that is nothing.
template<QuantPolicy P, Observer O>
  requires SingleBlock<P>
result<qparams<P>> try_params(const O& observer) {
  if (observer.empty()) return no_samples("observer");
  return choose_qparams<P>(observer.range());
}

/// Whether two doubles are the same value; spelled so because options are copied, never computed.
constexpr bool same_option(double a, double b) { return !(a < b) && !(b < a); }

/// FNV-1a over `text` and `bytes`: it tells damage, not malice.
constexpr std::uint64_t observer_checksum(std::string_view text, std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  const auto mix = [&](std::uint8_t byte) { hash = (hash ^ byte) * 0x100000001B3u; };
  for (const char c : text) mix(static_cast<std::uint8_t>(c));
  for (const std::byte b : bytes) mix(static_cast<std::uint8_t>(b));
  return hash;
}

/// The first word of every saved observer: a version, and wrong on a machine of other byte order.
inline constexpr std::uint64_t observer_magic = 0x0001'6F'6C'74'71'0002u;

/// Plain values one after the other, between observer_magic and a checksum: what save() returns.
class observer_writer {
 public:
  observer_writer() { put(observer_magic); }

  template<class T>
  observer_writer& put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>, "only plain values have bytes to store");
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    store_unaligned(bytes_.data() + at, 0, value);
    return *this;
  }
  /// The length of a run of bytes, and the bytes.
  observer_writer& put_bytes(std::span<const std::byte> run) {
    put(static_cast<std::uint64_t>(run.size()));
    bytes_.insert(bytes_.end(), run.begin(), run.end());
    return *this;
  }
  /// All of it, sealed for an observer of this name.
  std::vector<std::byte> finish(std::string_view name) {
    put(observer_checksum(name, bytes_));
    return static_cast<std::vector<std::byte>&&>(bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads what an observer_writer of the same name wrote; every take fails where it did not.
class observer_reader {
 public:
  observer_reader(std::string_view name, std::span<const std::byte> bytes) {
    if (bytes.size() < 2 * sizeof(std::uint64_t)) return;
    const auto body = bytes.first(bytes.size() - sizeof(std::uint64_t));
    if (load_unaligned<std::uint64_t>(body.data() + body.size()) != observer_checksum(name, body))
      return;
    rest_ = body;
    std::uint64_t magic = 0;
    valid_ = take(magic) && magic == observer_magic;
    if (!valid_) rest_ = {};
  }

  /// Takes the next value; false where the bytes end before it.
  template<class T>
  [[nodiscard]] bool take(T& value) {
    static_assert(std::is_trivially_copyable_v<T>, "only plain values have bytes to load");
    if (rest_.size() < sizeof(T)) return false;
    value = load_unaligned<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return true;
  }
  /// Takes a run that put_bytes wrote; it lies in the bytes that the reader was given.
  [[nodiscard]] bool take_bytes(std::span<const std::byte>& run) {
    std::uint64_t size = 0;
    if (!take(size) || size > rest_.size()) return false;
    run = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(run.size());
    return true;
  }
  /// How many bytes are left: a bound for what they may claim to hold.
  std::size_t left() const { return rest_.size(); }
  /// True where every byte was valid and has been taken.
  bool finished() const { return valid_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool valid_ = false;
};

/// What load() answers to bytes that no save() wrote.
inline status not_an_observer(std::string_view name) {
  status s = failure(error_code::malformed_file, "bytes", "not the state of a ");
  s.message.append(name).append(" observer");
  return s;
}

}  // namespace qtl::inline v0
