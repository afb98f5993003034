"""Every header compiles alone, twice in one file, without a warning. Arguments: the compilers.

The GPU backend's headers go alone to the first compiler, and all in one to the others: they look for other warnings.
"""

import sys
import tempfile
from pathlib import Path

import toolchain
import tree


def twice(headers):
    return 2 * "".join(f'#include "{tree.name(header)}"\n' for header in headers)


def check(job):
    compiler, headers = job
    if toolchain.is_nvcc(compiler):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "headers.cu"
            path.write_text(twice(headers))
            good, output = toolchain.compile_file(compiler, path, "-Werror", "all-warnings", "-arch=sm_90a")
    else:
        good, output = toolchain.compile_text(compiler, twice(headers), *toolchain.WARNINGS, "-fsyntax-only")
    return [] if good else [f"{' '.join(map(tree.name, headers))} with {compiler}:\n{output}"]


def main():
    compilers = sys.argv[1:] or ["g++"]
    jobs = [(compilers[0], [header]) for header in tree.gpu_headers() if not toolchain.is_nvcc(compilers[0])]
    for compiler in compilers:
        if not toolchain.is_nvcc(compiler):
            jobs += [(compiler, [header]) for header in tree.headers()]
        if compiler != compilers[0] or toolchain.is_nvcc(compiler):
            jobs.append((compiler, tree.gpu_headers()))
    problems = [problem for found in toolchain.each(check, jobs) for problem in found]
    tree.report("self-sufficient headers", len(jobs), problems)


main()
