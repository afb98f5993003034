"""Proves the floors: a header includes only lower floors or its own folder, and there is no cycle."""

import re

import tree

FLOORS = {
    "base": 0, "format": 1, "policy": 2, "tensor": 3, "ops": 4, "calib": 5, "gemm": 5,
    "backend": 6, "methods": 7, "qat": 7, "nn": 7, "io": 8,
    "door": 9,  # directly in include/qtl
    # What cuda/ holds: above everything that include/ holds, so that no header there can include it.
    "gpu/ptx": 10, "gpu/tile": 11, "gpu/epilogue": 12, "gpu/scheduler": 12, "gpu/kernel": 13, "gpu/host": 14,
    "gpu": 15, "gpu/separate": 15,  # the doors: directly in cuda/qtl/gpu, and parts of one
}
INCLUDES = re.compile(r'^\s*#\s*include\s*["<](qtl/[^">]+)[">]', re.MULTILINE)


def folder(header):
    """'ops' of qtl/ops/x.hpp, 'gpu/tile' of qtl/gpu/tile/x.cuh, 'door' of qtl/x.hpp."""
    parts = header.split("/")[1:-1]
    return "/".join(parts[:2 if parts[:1] == ["gpu"] else 1]) or "door"


def floor(header):
    return FLOORS.get(folder(header))


def called(number):
    """F of the library, D of the device's."""
    return f"F{number}" if number < FLOORS["gpu/ptx"] else f"D{number - FLOORS['gpu/ptx']}"


def edge_problem(source, target, known):
    if target not in known:
        return "no such header"
    if floor(source) is None:
        return f"the folder {folder(source)} has no floor"
    if folder(source) != folder(target) and floor(source) <= floor(target):
        return f"{called(floor(source))} may not include {called(floor(target))}"
    return None


def cycles(graph):
    """Each cycle once, as the path that closes it."""
    found, done = [], set()

    def visit(header, path):
        if header in path:
            found.append(" -> ".join(path[path.index(header):] + [header]))
        elif header not in done:
            for target in graph.get(header, []):
                visit(target, path + [header])
            done.add(header)

    for header in graph:
        visit(header, [])
    return found


def main():
    graph = {tree.name(p): INCLUDES.findall(p.read_text()) for p in tree.every_header()}
    problems = []
    for source, targets in graph.items():
        for target in targets:
            problem = edge_problem(source, target, graph)
            if problem:
                problems.append(f"{source} -> {target}: {problem}")
    problems += [f"cycle: {cycle}" for cycle in cycles(graph)]
    tree.report("layering, files", len(graph), problems)


main()
