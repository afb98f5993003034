// SPDX-License-Identifier: Apache-2.0
// qtl/io/atomic_file.hpp - a file that appears whole or not at all.
// Holds: atomic_file, try_replace_file. The bytes go to a temporary in the target's folder, reach
// the disk, and then take the target's name in one step; until then the old file is untouched, and
// a failure leaves no temporary behind.
// Not here: locking between writers; the last one to commit wins. A symbolic link is replaced, not
// followed.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "qtl/base/error.hpp"
#include "qtl/io/mapped_file.hpp"

#if __has_include(<sys/mman.h>)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#include <filesystem>
#include <system_error>
#endif

namespace qtl::inline v0::io {

// The thin layer over the system: handles, one exclusive creation, one durable flush, one replacing
// rename.
namespace detail::file_system {

#if __has_include(<sys/mman.h>)
using handle = int;
inline constexpr handle no_handle = -1;

inline long process_number() { return static_cast<long>(::getpid()); }

inline handle create_exclusively(const char* path) {
  return ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

// A replaced file keeps the permissions of the old one.
inline void copy_mode(const char* from, handle to) {
  struct ::stat facts{};
  if (::stat(from, &facts) == 0 && S_ISREG(facts.st_mode))
    static_cast<void>(::fchmod(to, facts.st_mode & 0777));
}

inline bool write_all(handle file, const std::byte* data, std::size_t size) {
  constexpr std::size_t most_per_call = std::size_t{1} << 30;  // Linux cuts longer writes at 2 GiB
  while (size != 0) {
    const ::ssize_t written = ::write(file, data, size < most_per_call ? size : most_per_call);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

inline bool flush_to_disk(handle file) { return ::fsync(file) == 0; }
inline bool close(handle file) { return ::close(file) == 0; }
inline bool replace(const char* from, const char* to) { return ::rename(from, to) == 0; }

// Makes the new name survive a power cut. The file is already in place, so a file system that
// cannot do it is no error.
inline void flush_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  static_cast<void>(::fsync(descriptor));
  ::close(descriptor);
}
#else
using handle = std::FILE*;
inline constexpr handle no_handle = nullptr;

inline long process_number() { return 0; }
inline handle create_exclusively(const char* path) { return std::fopen(path, "wbx"); }
inline void copy_mode(const char*, handle) {}
inline bool write_all(handle file, const std::byte* data, std::size_t size) {
  return std::fwrite(data, 1, size, file) == size;
}
inline bool flush_to_disk(handle file) { return std::fflush(file) == 0; }
inline bool close(handle file) { return std::fclose(file) == 0; }
inline bool replace(const char* from, const char* to) {
  std::error_code code;
  std::filesystem::rename(from, to, code);
  if (code) errno = code.value();
  return !code;
}
inline void flush_folder(const std::string&) {}
#endif

}  // namespace detail::file_system

/// A file being written. Nothing shows under the target's name before commit() succeeds; destroying
/// it earlier removes what was written. Move-only.
class atomic_file {
 public:
  /// Starts a new content for `target`; io_failed where its folder cannot be written to.
  static result<atomic_file> create(const std::string& target) {
    static std::atomic<std::uint64_t> counter{0};
    atomic_file file;
    file.target_ = target;
    const std::size_t name_start = target.find_last_of('/') + 1;
    file.folder_ = name_start == 0 ? "./" : target.substr(0, name_start);
    // A short name of its own: the target's may already be as long as the file system allows.
    for (int attempt = 0; attempt < 100; ++attempt) {
      const std::string number = std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
      file.temporary_ = file.folder_ + ".qtl-" +
                        std::to_string(detail::file_system::process_number()) + "-" + number +
                        ".tmp";
      file.handle_ = detail::file_system::create_exclusively(file.temporary_.c_str());
      if (file.handle_ != detail::file_system::no_handle) break;
      if (errno != EEXIST) break;
    }
    if (file.handle_ == detail::file_system::no_handle)
      return system_failure(target, "cannot create a temporary file beside it", errno);
    detail::file_system::copy_mode(target.c_str(), file.handle_);
    return file;
  }

  atomic_file(atomic_file&& other) noexcept
      : target_(std::move(other.target_)), folder_(std::move(other.folder_)),
        temporary_(std::move(other.temporary_)),
        handle_(std::exchange(other.handle_, detail::file_system::no_handle)) {}
  atomic_file& operator=(atomic_file&&) = delete;
  ~atomic_file() { discard(); }

  /// Appends bytes. After a failure the temporary is gone and every later call fails too.
  status write(std::span<const std::byte> bytes) {
    if (handle_ == detail::file_system::no_handle) return not_open();
    if (detail::file_system::write_all(handle_, bytes.data(), bytes.size())) return {};
    return give_up("cannot write");
  }

  /// Appends text.
  status write(std::string_view text) {
    return write(std::as_bytes(std::span(text.data(), text.size())));
  }

  /// Brings everything to the disk and gives it the target's name. On failure the old file stays as
  /// it was.
  status commit() {
    if (handle_ == detail::file_system::no_handle) return not_open();
    if (!detail::file_system::flush_to_disk(handle_)) return give_up("cannot flush to the disk");
    const bool closed =
        detail::file_system::close(std::exchange(handle_, detail::file_system::no_handle));
    if (!closed) return give_up("cannot close");
    if (!detail::file_system::replace(temporary_.c_str(), target_.c_str()))
      return give_up("cannot rename onto it");
    detail::file_system::flush_folder(folder_);
    return {};
  }

  /// Removes the temporary. Harmless after commit().
  void discard() {
    if (handle_ == detail::file_system::no_handle) return;
    detail::file_system::close(std::exchange(handle_, detail::file_system::no_handle));
    std::remove(temporary_.c_str());
  }

 private:
  atomic_file() = default;

  status not_open() const {
    return file_failure(error_code::invalid_argument, target_, "",
                        "was committed, discarded or failed before");
  }

  status give_up(const char* what) {
    const status s = system_failure(target_, what, errno);
    if (handle_ == detail::file_system::no_handle)
      std::remove(temporary_.c_str());
    else
      discard();
    return s;
  }

  std::string target_;
  std::string folder_;
  std::string temporary_;
  detail::file_system::handle handle_ = detail::file_system::no_handle;
};

/// Replaces the file `path` by `bytes` in one step; io_failed with the old file untouched.
inline status try_replace_file(const std::string& path, std::span<const std::byte> bytes) {
  result<atomic_file> file = atomic_file::create(path);
  if (!file.ok()) return file.why();
  if (status s = file->write(bytes); !s.ok()) return s;
  return file->commit();
}

}  // namespace qtl::inline v0::io
