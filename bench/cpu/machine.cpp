// SPDX-License-Identifier: Apache-2.0
// bench/cpu/machine.cpp - Linux.
#include "machine.hpp"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "qtl/backend/cpu/isa.hpp"

namespace qtl_bench {

namespace {

constexpr const char* tunables = "GLIBC_TUNABLES";
constexpr const char* core_type = "OPENBLAS_CORETYPE";

}  // namespace

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

std::string utc_time() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

void restart_with_environment(char** argv) {
  bool changed = false;
  const auto set = [&](const char* name, const char* value) {
    const char* before = std::getenv(name);
    if (before != nullptr && std::string_view(before) == value) return;
    changed = true;
    setenv(name, value, 1);
  };
  set(tunables, "glibc.malloc.hugetlb=1");
  if (qtl::is_available(qtl::isa_level::avx512)) set(core_type, "SkylakeX");
  if (!changed) return;
  std::error_code unreadable;  // where there is no /proc, we go on as we are
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  if (!unreadable) execv(program.c_str(), argv);
}

bool has_huge_pages() {
  const char* value = std::getenv(tunables);
  return value != nullptr &&
         std::string_view(value).find("glibc.malloc.hugetlb=1") != std::string_view::npos;
}

}  // namespace qtl_bench
