"""An example prints what its source promises. Arguments: the program and its .cpp.

The promise is the comment at the end of the file: `// Output:` and one `// ` line per line printed.
"""

import difflib
import sys
from pathlib import Path

import toolchain
import tree


def promised(source):
    """The lines after the last `// Output:`, without their comment marks."""
    _, mark, block = source.rpartition("// Output:\n")
    return [line.removeprefix("//").removeprefix(" ").rstrip() for line in block.splitlines()] if mark else None


def main():
    program, source = sys.argv[1], Path(sys.argv[2])
    expected = promised(source.read_text())
    if expected is None:
        tree.report("example output", 1, [f"{source.name}: no '// Output:' at its end"])
    good, output = toolchain.run([program], "")
    actual = [line.rstrip() for line in output.splitlines()]
    problems = [] if good else [f"{source.name}: failed\n{output}"]
    if good and actual != expected:
        problems = ["\n".join(difflib.unified_diff(expected, actual, "promised", "printed", lineterm=""))]
    tree.report("example output", 1, problems)


main()
