"""What a header costs to parse, in preprocessed lines; deterministic, unlike seconds."""

import toolchain
import tree

LIGHT = ["base", "format", "policy"]  # <string_view> alone is 18,000 lines
MIDDLE = ["tensor", "ops", "calib", "gemm"]
LIGHT_LINES = 23_000
MIDDLE_LINES = 35_000
CORE_LINES = 50_000


def ceiling(header):
    parts = header.split("/")
    if header == "qtl/core.hpp":
        return CORE_LINES
    if parts[1] in LIGHT:
        return LIGHT_LINES
    return MIDDLE_LINES if parts[1] in MIDDLE else None


def cost(header):
    return toolchain.compile_text("g++", f'#include "{header}"\n', "-E")[1].count("\n")


def main():
    every = [tree.name(path) for path in tree.headers()]
    doors = [header for header in every if header.count("/") == 1]
    measured = sorted(set(doors + [header for header in every if ceiling(header)]))
    costs = dict(zip(measured, toolchain.each(cost, measured)))
    for door in doors:
        print(f"{door}: {costs[door]} lines")
    problems = [f"{header}: {lines} lines, limit {ceiling(header)}"
                for header, lines in costs.items() if ceiling(header) and lines > ceiling(header)]
    tree.report("parse cost, headers", len(measured), problems)


main()
