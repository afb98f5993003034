"""Proves that GPU code reaches the hardware through cuda/qtl/gpu/ptx alone, so the emulator sees all of it.

Elsewhere in cuda/ there is no asm, no built-in variable, no keyword or intrinsic of CUDA, and none of its device
headers. host/launch.cuh is let off: it holds the one __global__ function; host/ may call CUB's device-wide algorithms,
which are host functions. The tests' .cu files are looked at too,
except that they may declare a kernel.
"""

import re

import tree

CUDA = tree.ROOT / "cuda"
TESTS = tree.ROOT / "tests/gpu"
INSTRUCTIONS = CUDA / "qtl/gpu/ptx"
HOST = CUDA / "qtl/gpu/host"
SHIM = HOST / "launch.cuh"

ASM = re.compile(r"\basm\b|\b__asm(?:__)?\b")
BUILT_IN = re.compile(r"\b(?:threadIdx|blockIdx|blockDim|gridDim|warpSize)\b")
# Everything that begins with two underscores is the compiler's own: __shared__, __syncthreads, __dp4a, __ldg ...
# The targets that a program was built for are asked by hosts alone.
RESERVED = re.compile(r"\b__(?!builtin_|restrict\b|restrict__\b|int128|extension__\b|CUDA_ARCH_LIST__)\w+")
DECLARING = re.compile(r"__global__|__device__|__launch_bounds__|__grid_constant__")
SOURCES = (".cuh", ".cu", ".hpp", ".cpp", ".inl")
# cub/device is for hosts: it starts kernels of its own.
DEVICE_HEADER = re.compile(
    r'^[ \t]*#[ \t]*include[ \t]*[<"]((?:cuda_(?:fp|bf)\w*|mma|sm_\w+|device_\w+|cooperative_groups|cuda/|cub/(?!device/)|cute/|nv/)[^>"]*)',
    re.MULTILINE)


def problems_of(path, may_declare):
    text = path.read_text()
    code, file = tree.bare_code(text), tree.name(path)
    for rule, where in ((ASM, code), (BUILT_IN, code), (RESERVED, code), (DEVICE_HEADER, text)):
        for match in rule.finditer(where):
            if may_declare and DECLARING.fullmatch(match.group()):
                continue
            found = match.group(match.lastindex or 0)
            if path.is_relative_to(HOST) and found.startswith("cub/device/"):
                continue
            yield f"{file}:{tree.line_of(where, match.start())}: {found} belongs in cuda/qtl/gpu/ptx"


def main():
    def sources(folder):
        return sorted(path for path in folder.rglob("*") if path.suffix in SOURCES)

    library = [path for path in sources(CUDA) if path != SHIM and not path.is_relative_to(INSTRUCTIONS)]
    tests = sources(TESTS)
    problems = [problem for path in library for problem in problems_of(path, may_declare=False)]
    problems += [problem for path in tests for problem in problems_of(path, may_declare=True)]
    tree.report("instructions behind ptx, files", len(library) + len(tests), problems)


main()
