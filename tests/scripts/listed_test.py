"""Every test, example and benchmark on disk is named in the meson.build beside it; a forgotten one never runs."""

import tree

PLACES = {"tests": "*/*_test.cpp", "examples": "*.cpp", "bench": "*_bench.cpp"}


def main():
    checked, problems = 0, []
    for place, pattern in PLACES.items():
        build_file = (tree.ROOT / place / "meson.build").read_text()
        for path in sorted((tree.ROOT / place).glob(pattern)):
            checked += 1
            name = path.stem.removesuffix("_test").removesuffix("_bench")
            if f"'{name}'" not in build_file:
                problems.append(f"{tree.name(path)}: not in {place}/meson.build")
    tree.report("listed, files", checked, problems)


main()
