// SPDX-License-Identifier: Apache-2.0
// qtl/io/mapped_file.hpp - the bytes of a file, read-only and without a copy where the system can
// map it.
// Holds: mapped_file, file_access. Not here: what the bytes mean. Where there is no mmap the file
// is read instead. A mapping shows later changes by other processes, and touching it after a
// truncation by one kills the program (SIGBUS): choose file_access::copy for files that others may
// write to.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "qtl/base/buffer.hpp"
#include "qtl/base/error.hpp"
#include "qtl/io/file_error.hpp"

#if __has_include(<sys/mman.h>)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace qtl::inline v0::io {

/// How a file's bytes come into memory.
enum class file_access : std::uint8_t {
  map,   ///< mapped where the system can; pages are read when they are touched
  copy,  ///< read at once into memory of our own; later changes of the file do not show
};

/// io_failed with the system's own words, as "cannot open: No such file or directory".
inline status system_failure(const std::string& path, const char* what, int number) {
  status s = file_failure(error_code::io_failed, path, "", what);
  s.message.append(": ").append(std::strerror(number));
  s.actual = number;
  return s;
}

/// A whole file as bytes. Owns its mapping or its copy; move-only. A default-made or moved-from one
/// is empty.
class mapped_file {
 public:
  mapped_file() = default;

  /// Opens `path`, or throws qtl::error (io_failed, out_of_memory).
  template<class S = status>
  explicit mapped_file(const std::string& path, file_access access = file_access::map) {
    result<mapped_file> opened = open(path, access);
    throw_if_failed<S>(opened.why());
    *this = *std::move(opened);
  }

  /// Opens the regular file `path`; an empty file is fine. io_failed for a folder, a device, or
  /// where the system refuses; out_of_memory where a copy does not fit.
  static result<mapped_file> open(const std::string& path, file_access access = file_access::map) {
#if __has_include(<sys/mman.h>)
    return open_posix(path, access);
#else
    static_cast<void>(access);
    return open_stdio(path);
#endif
  }

  mapped_file(mapped_file&& other) noexcept { swap(other); }
  mapped_file& operator=(mapped_file&& other) noexcept {
    mapped_file taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~mapped_file() {
#if __has_include(<sys/mman.h>)
    if (mapping_ != nullptr) ::munmap(mapping_, size_);
#endif
  }

  /// The file's bytes, valid as long as this object (moving it keeps them in place).
  std::span<const std::byte> bytes() const {
    const void* start = mapping_ != nullptr ? mapping_ : static_cast<const void*>(copy_.data());
    return {static_cast<const std::byte*>(start), size_};
  }

  /// True where bytes() is the system's mapping and not a copy.
  bool is_mapping() const { return mapping_ != nullptr; }

 private:
  void swap(mapped_file& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(size_, other.size_);
    std::swap(copy_, other.copy_);
  }

#if __has_include(<sys/mman.h>)
  static result<mapped_file> open_posix(const std::string& path, file_access access) {
    // Without O_NONBLOCK opening a pipe would wait for a writer before we can refuse it.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return system_failure(path, "cannot open", errno);
    result<mapped_file> opened = from_descriptor(path, descriptor, access);
    ::close(descriptor);
    return opened;
  }

  static result<mapped_file> from_descriptor(const std::string& path, int descriptor,
                                             file_access access) {
    struct ::stat facts{};
    if (::fstat(descriptor, &facts) != 0)
      return system_failure(path, "cannot read its size", errno);
    if (S_ISDIR(facts.st_mode)) return file_failure(error_code::io_failed, path, "", "is a folder");
    if (!S_ISREG(facts.st_mode))
      return file_failure(error_code::io_failed, path, "", "is not a regular file");
    if (access == file_access::copy) return open_stdio(path);
    mapped_file file;
    if (facts.st_size == 0) return file;  // mmap refuses a length of 0
    if (static_cast<std::uint64_t>(facts.st_size) > SIZE_MAX)
      return file_failure(error_code::out_of_memory, path, "", "is larger than the address space");
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapping == MAP_FAILED) return system_failure(path, "cannot map", errno);
    file.mapping_ = mapping;
    file.size_ = size;
    return file;
  }
#endif

  // Reads to the end in growing steps: the standard library has no portable 64-bit file size
  // without <filesystem>.
  static result<mapped_file> open_stdio(const std::string& path) {
    std::FILE* stream = std::fopen(path.c_str(), "rb");
    if (stream == nullptr) return system_failure(path, "cannot open", errno);
    mapped_file file;
    status s = file.read_all(path, stream);
    std::fclose(stream);
    if (!s.ok()) return s;
    return file;
  }

  status read_all(const std::string& path, std::FILE* stream) {
    std::int64_t capacity = 1 << 16;
    for (;;) {
      result<buffer<std::byte>> larger = buffer<std::byte>::make(capacity);
      if (!larger.ok())
        return file_failure(error_code::out_of_memory, path, "", "does not fit in memory");
      if (size_ != 0) std::memcpy(larger->data(), copy_.data(), size_);
      copy_ = *std::move(larger);
      const std::size_t room = static_cast<std::size_t>(capacity) - size_;
      errno = 0;
      const std::size_t got = std::fread(copy_.data() + size_, 1, room, stream);
      size_ += got;
      if (got < room)
        return std::ferror(stream) != 0 ? system_failure(path, "cannot read", errno) : status{};
      capacity *= 2;
    }
  }

  void* mapping_ = nullptr;
  std::size_t size_ = 0;
  buffer<std::byte> copy_;
};

}  // namespace qtl::inline v0::io
