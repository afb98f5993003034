"""What ./dev gpu compiles, and the examples, pass both of nvcc's front ends, the device's and the host's. They take a
second a file where code takes a minute, and find what g++ and the emulator let pass. Arguments: nvcc, and words of the
names of files unless all are meant.
"""

import os
import sys
import tempfile
from pathlib import Path

import toolchain
import tree

FLAGS = ["-std=c++20", "-Werror", "all-warnings", "-gencode=arch=compute_90a,code=sm_90a", "-DQTL_SEPARATE_KERNELS",
         "-DDOCTEST_CONFIG_SUPER_FAST_ASSERTS", f"-I{tree.INCLUDE}", f"-I{tree.CUDA}", f"-I{tree.ROOT / 'tests'}",
         *toolchain.pkg_config("eigen3")]
PLACES = ["tests/gpu/*_test.cpp", "tests/gpu/instructions/*_test.cpp", "tests/gpu/backend/*.cpp", "bench/gpu/explain.cpp",
          "examples/gpu/*.cu"]


def passes(nvcc, source, folder):
    """The commands of the host's pass and of the device's, out of all that nvcc would run; no code is made of the latter."""
    _, plan = toolchain.run([nvcc, *FLAGS, "--dryrun", "-keep", "-keep-dir", folder, "-c", "-o", f"{folder}/out.o", source])
    lines = [line.removeprefix("#$ ") for line in plan.splitlines()]
    settings = [f'PATH="{Path(nvcc).parent}:$PATH"', *(line for line in lines if line.startswith("CICC_PATH="))]
    readers = [[line for line in lines if " -E " in line and ".cpp4.ii" in line or line.startswith("cudafe++")],
               [line for line in lines if " -E " in line and ".cpp1.ii" in line or "cicc\" " in line]]
    return ["\n".join(settings + reader).replace("cicc\" ", "cicc\" --no_code_gen ") for reader in readers if len(reader) == 2]


def check(job):
    nvcc, path = job
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/{path.stem}.cu"  # nvcc goes by the ending
        Path(source).write_text(f'#include "{path}"\n')
        commands = passes(nvcc, source, folder)
        if len(commands) != 2:
            return [f"{tree.name(path)}: nvcc --dryrun does not name the commands of two passes"]
        for command in commands:  # the device's reader fails without a word when it has made no code
            _, output = toolchain.run(["bash", "-ec", command])
            problems += [f"{tree.name(path)}:\n{output}"] if output.strip() else []
    return problems


def main():
    found, nvcc = toolchain.run(["bash", "-c", f"command -v {sys.argv[1]}"])
    if not found:
        sys.exit(f"{sys.argv[1]} is not found")
    words = sys.argv[2:]  # of the names of files
    paths = sorted(path for place in PLACES for path in tree.ROOT.glob(place)
                   if not words or any(word in path.stem for word in words))
    jobs = [(os.path.realpath(nvcc.strip()), path) for path in paths]
    tree.report("nvcc reads, files", len(jobs), [problem for found in toolchain.each(check, jobs) for problem in found])


main()
