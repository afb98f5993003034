"""The machine code of kernels, as nvdisasm prints it: which operations each of them holds.

The comment at the head of a .cu file says what must be there; a name stands for all kernels with that word in theirs:
    // code: gemm_w8a8 on 80 89 has IMMA, LDSM, LDGSTS. code: quantize_rows on 90a has LDG.
No kernel may hold LDL or STL: they move what found no register to memory.
"""

import re
from collections import defaultdict

import toolchain

CLAUSE = re.compile(r"code:\s*(\w+) on ([\w ]+?) has ([A-Z][A-Z0-9]*(?:\s*,\s*[A-Z][A-Z0-9]*)*)")
KERNEL = re.compile(r"^\.text\.(\S+):$")
OPERATION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9]*)")
LOCAL = {"LDL", "STL"}


def expected(head, target):
    """(word of a kernel's name, its operations) for each clause of a head comment that names the target."""
    return [(name, {word.strip() for word in operations.split(",")})
            for name, targets, operations in CLAUSE.findall(head) if target in targets.split()]


def operations(listing):
    """The operations of each kernel."""
    found, current = defaultdict(set), None
    for line in listing.splitlines():
        if match := KERNEL.match(line):
            current = match.group(1)
        elif current and (match := OPERATION.match(line)):
            found[current].add(match.group(1))
    return found


def read(nvdisasm, cubins):
    """The operations of each kernel of all files."""
    return operations("".join(toolchain.run([nvdisasm, "-c", "-ndf", str(path)])[1] for path in cubins))


def problems(code, names, somewhere, kernels):
    """What is wrong: a kernel of the names that nvdisasm does not show, operations that none holds, kernels without
    theirs, and spills; one sentence each."""
    wrong = [f"nvdisasm does not show {name}" for name in names if name not in code]
    wrong += [f"no kernel holds {operation}" for operation in sorted(somewhere - set().union(*code.values()))]
    wrong += [f"{kernel} holds {operation}" for kernel, held in code.items() for operation in sorted(held & LOCAL)]
    for word, needed in kernels:
        named = {kernel: held for kernel, held in code.items() if word in kernel}
        wrong += [] if named else [f"no kernel is named {word}"]
        wrong += [f"{kernel} has no {operation}" for kernel, held in named.items()
                  for operation in sorted(needed - held)]
    return wrong
