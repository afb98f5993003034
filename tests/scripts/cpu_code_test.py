"""The machine code of integer tiles on x86: python3 cpu_code_test.py OBJDUMP ARCHIVE.

Every tile prefetches weights, and calls no function of the loops that it is made of: such a function would keep sums in
memory, and its prefetches are dropped where the compiler takes their call for one without effect.
"""

import re
import sys

import toolchain

LEVELS = ("avx2", "avx_vnni", "avx512", "avx512_vnni")
TILE = re.compile(r"^[0-9a-f]+ <.*\bsimd::(\w+)::((?:whole|grouped)_tile<[^>]*>)\(")
CALL = re.compile(r"\b(?:call|jmp)\w*\s.*<.*\bsimd::\w+::(\w+)(?:<[^>]*>)?\([^+]*>$")


def tiles(listing):
    """(level, name, lines) of every tile."""
    found = []
    current = None
    for line in listing.splitlines():
        if not line:
            current = None
        elif match := TILE.match(line):
            current = []
            found.append((*match.groups(), current))
        elif current is not None:
            current.append(line)
    return found


def problems(listing):
    """What is wrong, a sentence each, and how many tiles were looked at."""
    wrong = []
    seen = [tile for tile in tiles(listing) if tile[0] in LEVELS]
    for level, name, lines in seen:
        if not any("prefetcht0" in line for line in lines):
            wrong.append(f"{level}: {name} prefetches nothing")
        calls = {match.group(1) for match in map(CALL.search, lines) if match}
        wrong += [f"{level}: {name} calls {call}" for call in sorted(calls)]
    wrong += [f"{level}: no tiles" for level in LEVELS if level not in {tile[0] for tile in seen}]
    return wrong, len(seen)


def main():
    done, listing = toolchain.run([sys.argv[1], "-d", "--no-show-raw-insn", "-C", sys.argv[2]])
    if not done:
        sys.exit(listing)
    wrong, count = problems(listing)
    for sentence in wrong:
        print(sentence)
    print(f"{count} tiles, {len(wrong)} problems")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
