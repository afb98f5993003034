"""Every header compiles alone, twice in one file, without a warning. Arguments: the compilers.

Headers go alone to the first compiler, and all in one to the others: they look for other warnings. What a test includes
before anything else compiles alone where the tests do, and is not compiled for that again.
"""

import re
import sys

import toolchain
import tree


INCLUDED = re.compile(r'^#include ["<]([^">]+)[">]', re.MULTILINE)


def included_first():
    """The headers that tests begin with."""
    found = [INCLUDED.search(path.read_text()) for path in (tree.ROOT / "tests").rglob("*_test.cpp")]
    return {match.group(1) for match in found if match}


def check(job):
    compiler, headers = job
    source = 2 * "".join(f'#include "{tree.name(header)}"\n' for header in headers)
    good, output = toolchain.compile_text(compiler, source, *toolchain.WARNINGS, "-fsyntax-only")
    return [] if good else [f"{' '.join(map(tree.name, headers))} with {compiler}:\n{output}"]


def main():
    compilers = sys.argv[1:] or ["g++"]
    families = [tree.headers(), tree.gpu_headers()]
    jobs = [(compiler, family) for compiler in compilers[1:] for family in families]
    tested = included_first()
    jobs += [(compilers[0], [header]) for family in families for header in family if tree.name(header) not in tested]
    problems = [problem for found in toolchain.each(check, jobs) for problem in found]
    tree.report("self-sufficient headers", len(jobs), problems)


main()
