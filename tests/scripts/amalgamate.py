"""Writes the single header: every qtl/ include of a door inlined where it stands, system includes once.

Usage: amalgamate.py OUTPUT [DOOR]. For Compiler Explorer and for copying into a project.
"""

import re
import sys
from pathlib import Path

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

CONDITION = re.compile(r"#\s*if")


class Amalgam:
    """Text of a door with everything it includes."""

    def __init__(self):
        self.lines = []
        self.seen = set()
        self.conditions = 0

    def add(self, header):
        """Appends a header unless it stands already; fragments (.inl) are repeated, as they are meant to be."""
        if header in self.seen and header.endswith(".hpp"):
            return
        self.seen.add(header)
        for line in (tree.INCLUDE / header).read_text().splitlines():
            match = INCLUDE.match(line)
            self.conditions += bool(CONDITION.match(line)) - line.startswith("#endif")
            if match and match.group(2).startswith("qtl/"):
                self.add(match.group(2))
            elif match and self.is_repeated(match.group(2)):
                continue
            elif not line.startswith(("#pragma once", "// SPDX-License-Identifier")):
                self.lines.append(line)

    def is_repeated(self, system_header):
        """True where it stands already; one inside an #if does not count, it may be skipped."""
        repeated = system_header in self.seen
        if self.conditions == 0:
            self.seen.add(system_header)
        return repeated

    def text(self, door):
        head = ["// SPDX-License-Identifier: Apache-2.0",
                f"// {door} and everything it includes, in one file. Generated: do not edit.",
                "#pragma once"]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(head + self.lines)) + "\n"


def main():
    door = sys.argv[2] if len(sys.argv) > 2 else "qtl/cpu.hpp"
    amalgam = Amalgam()
    amalgam.add(door)
    Path(sys.argv[1]).write_text(amalgam.text(door))


main()
