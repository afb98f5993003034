"""The kernels' tests on an AArch64 machine that qemu emulates: python3 neon_test.py CXX QEMU DOCTEST.

CXX compiles for AArch64 and QEMU runs what it makes; DOCTEST is the folder in which doctest/doctest.h is found. The
vector loops for NEON must give the bits of the reference, on a machine whose layers choose them; where there is no i8mm,
the layers choose those for the dot product, and no instruction of i8mm is met.
"""

import re
import sys
from pathlib import Path

import toolchain
import tree

SOURCES = ("tests/backend/epilogue_test.cpp", "tests/backend/integer_kernels_test.cpp", "tests/backend/real_kernels_test.cpp",
           "tests/backend/quantize_rows_test.cpp", "tests/neon/machine.cpp", "tests/kernels.cpp", "tests/main.cpp")
WITHOUT_I8MM = ("layers run on NEON without i8mm", "requantized codes are those of the reference on every ISA",
                "the number of threads changes no bit")
FLAGS = ("-O1", "-static", "-DQTL_SEPARATE_KERNELS", "-DDOCTEST_CONFIG_SUPER_FAST_ASSERTS")


def expect(done, output):
    if not done:
        print(output)
        print("0 passed, 1 failed")
        sys.exit(1)
    return output


def build(compiler, doctest, folder):
    """The tests as one static program, which needs nothing of the emulated system."""
    # A link, because a folder of this machine's headers has its C library beside doctest.
    own = folder / "include" / "doctest"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.unlink(missing_ok=True)
    own.symlink_to(Path(doctest) / "doctest")
    command = [compiler, *toolchain.FLAGS, *toolchain.WARNINGS, *FLAGS, f"-I{tree.ROOT}/tests", "-isystem", own.parent]

    def compile_one(source):
        to = folder / (Path(source).stem + ".o")
        expect(*toolchain.run([*command, "-c", tree.ROOT / source, "-o", to]))
        return to

    objects = toolchain.each(compile_one, SOURCES)
    expect(*toolchain.run([*command, *objects, "-o", folder / "neon_test"]))
    return folder / "neon_test"


WANTED = {"neon_dot": ("sdot", "pldl1keep"), "neon_i8mm": ("smmla", "pldl1keep")}


def tiles_without(objdump, kernels):
    """(number of tiles, what their machine code lacks): each has its level's dot product, and prefetches weights."""
    text = expect(*toolchain.run([objdump, "-d", "-C", "--no-show-raw-insn", kernels])) + "\n\n"
    tiles = re.findall(r"simd::(neon_\w+)::((?:whole|grouped)_tile<\d, \d>)\([^\n]*>:\n(.*?)\n\n", text, re.S)
    lacking = [f"{level} {name}: no {word}" for level, name, code in tiles for word in WANTED[level]
               if not re.search(rf"\s{word}\b", code)]
    lacking += [f"no tile of {level}" for level in WANTED if level not in {level for level, _, _ in tiles}]
    return len(tiles), lacking


def run(qemu, cpu, program, *arguments):
    """(passed, failed) of the tests on an emulated CPU."""
    done, output = toolchain.run([qemu, "-cpu", cpu, program, *arguments])
    print(output)
    counts = re.search(r"test cases: +\d+ \| +(\d+) passed \| +(\d+) failed", output)
    passed, failed = map(int, counts.groups()) if counts else (0, 0)
    if not done and failed == 0:
        failed = 1  # it ended early
    return passed, failed


def main():
    compiler, qemu, doctest = sys.argv[1:]
    program = build(compiler, doctest, tree.ROOT / "build" / "neon")
    tiles, lacking = tiles_without(compiler.replace("g++", "objdump"), program.parent / "kernels.o")
    print("\n".join([f"machine code of {tiles} tiles", *lacking]))
    passed, failed = run(qemu, "max", program)
    few = run(qemu, "neoverse-n1", program, "--no-skip", f"--test-case={','.join(WITHOUT_I8MM)}")
    passed += few[0]
    failed += few[1] + (few != (len(WITHOUT_I8MM), 0)) + len(lacking)  # a test that is not found is a failure
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
