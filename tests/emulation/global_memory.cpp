// SPDX-License-Identifier: Apache-2.0
// emulation/global_memory.cpp - allocations with red zones and a shadow byte for each byte.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "emulation/engine.hpp"

namespace qtl::inline v0::gpu::emulated {

namespace {

constexpr std::size_t red_zone = 256;
constexpr int red_byte = 0xfd;
constexpr int unwritten_byte = 0xcd;

// Bits of a shadow byte.
constexpr std::uint8_t written = 1;
constexpr std::uint8_t once = 2;               ///< expect_written_once() watches it
constexpr std::uint8_t once_done = once << 1;  ///< and it has been written

struct allocation {
  std::byte* base;
  std::size_t bytes;
  std::vector<std::uint8_t> shadow;

  bool holds(const void* pointer) const {
    const auto* p = static_cast<const std::byte*>(pointer);
    return p >= base && p <= base + bytes;
  }
};

/// Sorted by base.
std::vector<allocation>& allocations() {
  static std::vector<allocation> all;
  return all;
}

allocation* last_found = nullptr;

allocation* find(const void* pointer) {
  if (last_found != nullptr && last_found->holds(pointer)) return last_found;
  std::vector<allocation>& all = allocations();
  const auto* p = static_cast<const std::byte*>(pointer);
  auto after =
      std::upper_bound(all.begin(), all.end(), p,
                       [](const std::byte* at, const allocation& a) { return at < a.base; });
  if (after == all.begin()) return nullptr;
  allocation& a = *(after - 1);
  if (p >= a.base + a.bytes + red_zone) return nullptr;
  last_found = &a;
  return &a;
}

std::string at(const allocation& a, const void* pointer, std::size_t bytes) {
  return std::to_string(bytes) + " bytes at offset " +
         std::to_string(static_cast<const std::byte*>(pointer) - a.base) + " of an allocation of " +
         std::to_string(a.bytes);
}

allocation& checked(const void* pointer, std::size_t bytes, const char* instruction) {
  allocation* a = find(pointer);
  if (a == nullptr) {
    const bool null = pointer == nullptr;
    fail_launch(instruction,
                std::to_string(bytes) +
                    (null ? " bytes at a null pointer" : " bytes at an address in no allocation"));
  }
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - a->base);
  if (offset + bytes > a->bytes)
    fail_launch(instruction, at(*a, pointer, bytes) + ": past its end");
  return *a;
}

/// Eight shadow bytes at once, each of which has the bits of `bits`.
std::uint64_t in_all(std::uint8_t bits) { return 0x0101010101010101ull * bits; }

bool all_written(const std::uint8_t* shadow, std::size_t bytes) {
  std::size_t i = 0;
  for (std::uint64_t eight; i + 8 <= bytes; i += 8) {
    std::memcpy(&eight, shadow + i, 8);
    if ((eight & in_all(written)) != in_all(written)) return false;
  }
  for (; i < bytes; ++i)
    if ((shadow[i] & written) == 0) return false;
  return true;
}

/// Marks the bytes written; false if one of them was to be written once and has been.
bool mark_written(std::uint8_t* shadow, std::size_t bytes) {
  std::uint64_t twice = 0;
  std::size_t i = 0;
  for (std::uint64_t eight; i + 8 <= bytes; i += 8) {
    std::memcpy(&eight, shadow + i, 8);
    twice |= eight & in_all(once_done);
    eight |= in_all(written) | (eight & in_all(once)) << 1;
    std::memcpy(shadow + i, &eight, 8);
  }
  for (; i < bytes; ++i) {
    twice |= shadow[i] & once_done;
    shadow[i] = static_cast<std::uint8_t>(shadow[i] | written | (shadow[i] & once) << 1);
  }
  return twice == 0;
}

void order_by_flag(access how) {
  if (machine.current == nullptr) return;
  order_point& flags = machine.current->home->team->global_atomics;
  if (how == access::atomic) flags.release();
  flags.acquire(*machine.current->of);
}

status check_host(const void* pointer, std::size_t bytes, const char* operand) {
  const allocation* a = find(pointer);
  if (a == nullptr || pointer < a->base)
    return failure(error_code::invalid_argument, operand, "is no memory of the GPU");
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - a->base);
  if (offset + bytes <= a->bytes) return {};
  return mismatch(operand, "bytes past its beginning", -1, static_cast<std::int64_t>(a->bytes),
                  static_cast<std::int64_t>(offset + bytes), error_code::invalid_argument);
}

std::uint8_t* shadow_of(const void* pointer) {
  allocation& a = *find(pointer);
  return a.shadow.data() + (static_cast<const std::byte*>(pointer) - a.base);
}

}  // namespace

std::byte* global_bytes(const void* pointer, std::size_t bytes, std::size_t alignment, access how,
                        const char* instruction) {
  allocation& a = checked(pointer, bytes, instruction);
  if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0)
    fail_launch(instruction,
                at(a, pointer, bytes) + ": not aligned to " + std::to_string(alignment));
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - a.base);
  std::uint8_t* shadow = a.shadow.data() + offset;
  if (how != access::write && !all_written(shadow, bytes))
    fail_launch(instruction, at(a, pointer, bytes) + ": reads bytes that nobody has written");
  if (how == access::write && !mark_written(shadow, bytes))
    fail_launch(instruction, at(a, pointer, bytes) + ": written a second time");
  if (how == access::atomic || how == access::acquire) order_by_flag(how);
  if (how == access::write || how == access::atomic) note_progress();
  return a.base + offset;
}

void* allocate(std::size_t bytes) {
  if (bytes > SIZE_MAX / 4) return nullptr;
  const std::size_t whole = (bytes + 255) / 256 * 256 + 2 * red_zone;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(256, whole));
  if (memory == nullptr) return nullptr;
  std::memset(memory, red_byte, whole);
  std::memset(memory + red_zone, unwritten_byte, bytes);
  allocation a{memory + red_zone, bytes, std::vector<std::uint8_t>(bytes, 0)};
  std::vector<allocation>& all = allocations();
  auto after = std::upper_bound(
      all.begin(), all.end(), a.base,
      [](const std::byte* at, const allocation& other) { return at < other.base; });
  all.insert(after, std::move(a));
  last_found = nullptr;
  return memory + red_zone;
}

void release(void* pointer) {
  std::vector<allocation>& all = allocations();
  auto found = std::ranges::find(all, pointer, [](const allocation& a) -> void* { return a.base; });
  if (found == all.end()) return;
  std::free(found->base - red_zone);
  all.erase(found);
  last_found = nullptr;
}

status host_write(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return {};
  if (status s = check_host(to, bytes, "to"); !s.ok()) return s;
  std::memcpy(to, from, bytes);
  for (std::size_t i = 0; i < bytes; ++i) shadow_of(to)[i] |= written;
  return {};
}

status host_read(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return {};
  if (status s = check_host(from, bytes, "from"); !s.ok()) return s;
  std::memcpy(to, from, bytes);
  return {};
}

status host_fill(void* to, int byte, std::size_t bytes) {
  if (bytes == 0) return {};
  if (status s = check_host(to, bytes, "pointer"); !s.ok()) return s;
  std::memset(to, byte, bytes);
  std::uint8_t* shadow = shadow_of(to);
  for (std::size_t i = 0; i < bytes; ++i) shadow[i] |= written;
  return {};
}

status expect_written_once(const void* pointer, std::size_t bytes) {
  if (bytes == 0) return {};
  if (status s = check_host(pointer, bytes, "pointer"); !s.ok()) return s;
  std::uint8_t* shadow = shadow_of(pointer);
  for (std::size_t i = 0; i < bytes; ++i)
    shadow[i] = static_cast<std::uint8_t>((shadow[i] | once) & ~once_done);
  return {};
}

status check_written() {
  status first;
  for (allocation& a : allocations()) {
    for (std::size_t i = 0; i < a.bytes; ++i) {
      const bool missed = (a.shadow[i] & once) != 0 && (a.shadow[i] & once_done) == 0;
      if (missed && first.ok())
        first = mismatch("output", "the first byte that nobody wrote", -1,
                         static_cast<std::int64_t>(a.bytes), static_cast<std::int64_t>(i),
                         error_code::invalid_argument);
      a.shadow[i] &= written;
    }
  }
  if (!first.ok()) first.message.append(" (").append(machine.last_run).append(")");
  return first;
}

void check_red_zones() {
  for (const allocation& a : allocations()) {
    const std::byte* end = a.base + a.bytes;
    const auto touched = [](std::byte b) { return b != static_cast<std::byte>(red_byte); };
    if (std::any_of(a.base - red_zone, a.base, touched) ||
        std::any_of(end, end + red_zone, touched))
      machine.failure += machine.last_run + ", something wrote beside an allocation of " +
                         std::to_string(a.bytes) + " bytes, past the instructions";
  }
}

}  // namespace qtl::inline v0::gpu::emulated
