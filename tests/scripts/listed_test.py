"""Every test, example and benchmark on disk is named in the meson.build above it; a forgotten one never runs."""

import re

import tree

PLACES = {"tests": "*/**/*_test.cpp", "tests/emulation": "*.cpp", "tests/gpu": "backend/*.cpp", "examples": "*.cpp", "bench": "*_bench.cpp", "bench/gpu": "*.cpp"}


def build_file(path):
    """The nearest meson.build."""
    return next(folder / "meson.build" for folder in path.parents if (folder / "meson.build").exists())


def main():
    files = {path for place, pattern in PLACES.items() for path in (tree.ROOT / place).glob(pattern)}
    problems = []
    for path in sorted(files):
        name = path.stem.removesuffix("_test").removesuffix("_bench")
        listing = build_file(path)
        if not re.search(rf"['/]{re.escape(name)}'", listing.read_text()):
            problems.append(f"{tree.name(path)}: not in {tree.name(listing)}")
    tree.report("listed, files", len(files), problems)


main()
