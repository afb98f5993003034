"""Every header compiles alone, twice in one file, without a warning. Arguments: the compilers."""

import sys

import toolchain
import tree


def check(job):
    compiler, header = job
    source = f'#include "{header}"\n#include "{header}"\n'
    good, output = toolchain.compile_text(compiler, source, *toolchain.WARNINGS, "-fsyntax-only")
    return [] if good else [f"{header} with {compiler}:\n{output}"]


def main():
    compilers = sys.argv[1:] or ["g++"]
    jobs = [(compiler, tree.name(path)) for compiler in compilers for path in tree.headers()]
    problems = [problem for found in toolchain.each(check, jobs) for problem in found]
    tree.report("self-sufficient headers", len(jobs), problems)


main()
