"""Proves the floors: a header includes only lower floors or its own folder, and there is no cycle."""

import re

import tree

FLOORS = {
    "base": 0, "format": 1, "policy": 2, "tensor": 3, "ops": 4, "calib": 5, "gemm": 5,
    "backend": 6, "methods": 7, "qat": 7, "nn": 7, "io": 8,
}
DOOR = 9  # a header directly in include/qtl
INCLUDES = re.compile(r'^\s*#\s*include\s*["<](qtl/[^">]+)[">]', re.MULTILINE)


def folder(header):
    parts = header.split("/")
    return parts[1] if len(parts) > 2 else "door"


def floor(header):
    return DOOR if folder(header) == "door" else FLOORS.get(folder(header))


def edge_problem(source, target, known):
    if target not in known:
        return "no such header"
    if floor(source) is None:
        return f"the folder {folder(source)} has no floor"
    if folder(source) != folder(target) and floor(source) <= floor(target):
        return f"F{floor(source)} may not include F{floor(target)}"
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
    files = [p for p in tree.INCLUDE.rglob("*") if p.suffix in (".hpp", ".inl")]
    graph = {tree.name(p): INCLUDES.findall(p.read_text()) for p in sorted(files)}
    problems = []
    for source, targets in graph.items():
        for target in targets:
            problem = edge_problem(source, target, graph)
            if problem:
                problems.append(f"{source} -> {target}: {problem}")
    problems += [f"cycle: {cycle}" for cycle in cycles(graph)]
    tree.report("layering, files", len(graph), problems)


main()
