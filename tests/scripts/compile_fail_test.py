"""Good twin, bad twin: each tests/compile_fail/*.cpp compiles as it is, and with -DQTL_BAD fails
for the sentence after its `// EXPECT: `. `// FLAGS: ` adds to the command line. Arguments: the compilers."""

import re
import sys

import toolchain
import tree

EXPECT = re.compile(r"^// EXPECT: (.+)$", re.MULTILINE)
FLAGS = re.compile(r"^// FLAGS: (.+)$", re.MULTILINE)


def one_line(text):
    """Compilers break and quote long lines each in their own way."""
    return " ".join(text.replace('\\"', '"').split())


def check(job):
    compiler, path = job
    source = path.read_text()
    expected = EXPECT.findall(source)
    flags = ["-fsyntax-only", *" ".join(FLAGS.findall(source)).split()]
    where = f"{path.name} with {compiler}"
    if not expected or "#ifdef QTL_BAD" not in source:
        return [f"{where}: needs an '// EXPECT: ' line and an '#ifdef QTL_BAD' section"]
    good, output = toolchain.compile_text(compiler, source, *flags)
    if not good:
        return [f"{where}: the good twin does not compile\n{output}"]
    bad, output = toolchain.compile_text(compiler, source, *flags, "-DQTL_BAD")
    if bad:
        return [f"{where}: the bad twin compiles"]
    return [f"{where}: does not say: {sentence}" for sentence in expected
            if one_line(sentence) not in one_line(output)]


def main():
    compilers = sys.argv[1:] or ["g++"]
    twins = sorted((tree.ROOT / "tests/compile_fail").glob("*.cpp"))
    jobs = [(compiler, path) for compiler in compilers for path in twins]
    problems = [problem for found in toolchain.each(check, jobs) for problem in found]
    tree.report("compile-fail twins", len(jobs), problems)


main()
