"""Installs the library into an empty prefix and builds the same program against it in every way we offer."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSUMER = ROOT / "tests/install/consumer.cpp"
CXX = ["g++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror"]

CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(consumer CXX)
find_package(qtl 0.1 CONFIG REQUIRED)
add_executable(consumer consumer.cpp)
target_link_libraries(consumer PRIVATE qtl::qtl)
"""
MESON = """\
project('consumer', 'cpp', default_options: ['cpp_std=c++20'])
executable('consumer', 'consumer.cpp', dependencies: dependency('qtl'))
"""


def run(*command, cwd=None, env=None):
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError(" ".join(map(str, command)) + "\n" + done.stdout)
    return done.stdout


def pkg_config(package, env=None):
    """Include flags; Eigen's folder as a system one."""
    flags = run("pkg-config", "--cflags", package, env=env).split()
    return [flag.replace("-I", "-isystem") if "eigen" in flag else flag for flag in flags]


class Consumers:
    """One method per way in; each gets an empty folder with consumer.cpp and returns the program."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.env = {"PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")}

    def pkg_config_flags(self, folder):
        run(*CXX, "consumer.cpp", *pkg_config("qtl", self.env), "-o", "consumer", cwd=folder)
        return folder / "consumer"

    def include_folder_only(self, folder):
        run(*CXX, "consumer.cpp", f"-I{ROOT}/include", *pkg_config("eigen3"), "-o", "consumer", cwd=folder)
        return folder / "consumer"

    def cmake_package(self, folder):
        (folder / "CMakeLists.txt").write_text(CMAKE)
        shutil.copytree(self.prefix, folder / "moved")  # a CMake package may be moved after its install
        run("cmake", "-G", "Ninja", "-B", "build", f"-DCMAKE_PREFIX_PATH={folder}/moved", cwd=folder)
        run("cmake", "--build", "build", cwd=folder)
        return folder / "build/consumer"

    def meson_installed(self, folder):
        (folder / "meson.build").write_text(MESON)
        run("meson", "setup", "build", "--wrap-mode=nofallback", cwd=folder, env=self.env)
        run("ninja", "-C", "build", cwd=folder)
        return folder / "build/consumer"

    def meson_subproject(self, folder):
        (folder / "meson.build").write_text(MESON)
        (folder / "subprojects").mkdir()
        (folder / "subprojects/qtl").symlink_to(ROOT)
        run("meson", "setup", "build", "--force-fallback-for=qtl", cwd=folder)
        targets = run("ninja", "-C", "build", "-t", "targets", "all", cwd=folder)
        assert "base_test" not in targets, "a parent project must not get our tests"
        run("ninja", "-C", "build", cwd=folder)
        return folder / "build/consumer"

    def single_header(self, folder):
        run("python3", ROOT / "tests/scripts/amalgamate.py", folder / "qtl_cpu.hpp")
        eigen = pkg_config("eigen3")
        run(*CXX, "-DQTL_SINGLE_HEADER", "consumer.cpp", *eigen, "-o", "consumer", cwd=folder)
        (folder / "alone.cpp").write_text('#include "qtl_cpu.hpp"\n#include "qtl_cpu.hpp"\n')
        run(*CXX, "-fno-exceptions", "-fno-rtti", "-fsyntax-only", "alone.cpp", *eigen, cwd=folder)
        return folder / "consumer"


def install(scratch):
    build, prefix = scratch / "build", scratch / "prefix"
    run("meson", "setup", build, ROOT, f"--prefix={prefix}", "-Dtests=disabled", "-Dexamples=disabled")
    run("meson", "install", "-C", build)
    return prefix


def consume(scratch, consumers, way):
    """(succeeded, what to print) of one way in."""
    folder = scratch / way
    folder.mkdir()
    shutil.copy(CONSUMER, folder)
    try:
        return True, f"{way}: {run(getattr(consumers, way)(folder))}"
    except (RuntimeError, AssertionError) as problem:
        return False, f"{way}: FAILED\n{problem}\n"


def main():
    ways = [way for way in dir(Consumers) if not way.startswith("_")]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(os.cpu_count()) as pool:
        scratch = Path(temporary)
        consumers = Consumers(install(scratch))
        results = list(pool.map(lambda way: consume(scratch, consumers, way), ways))
    print("".join(text for _, text in results), end="")
    failed = sum(not good for good, _ in results)
    print(f"{len(ways) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    raise SystemExit(1 if main() else 0)
