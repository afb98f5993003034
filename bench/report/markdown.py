"""The tables of docs/benchmarks_cpu.md."""

import results

TITLES = {
    "w8a8": "8-bit weights and activations",
    "w8a8_affine": "Zero points on both sides",
    "w4a8": "4-bit weights, 8-bit activations; other libraries multiply 8-bit weights, ggml q4_0 excepted",
    "weight_only": "Weights of any format under f32 activations and f32 sums",
    "bf16": "Operands that are exact in bf16",
}
LOWER_LEVELS = (" avx2", " avx_vnni", " avx512")


def table(columns, rows):
    """rows: (name, cells), a cell None where there is no figure."""
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {name} | " + " | ".join(cell or "" for cell in cells) + " |" for name, cells in rows]
    return "\n".join(lines) + "\n"


def ratio(result):
    """Ours in units of the fastest other library of the same round."""
    value = result.get("faster_than_fastest_peer")
    return f" **{value:.2f}**" if value and not result["peer"] else ""


def of_peak(result):
    return f"{result['percent_of_peak']:.0f}{ratio(result)}"


def duration(result):
    value = result["us"]
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def of_dram(result):
    share = result.get("percent_of_dram")
    return duration(result) + (f" ({share:.0f})" if share else "") + ratio(result)


def against_eigen(result):
    value = result["faster_than"].get("eigen f32 avx2") if "faster_than" in result else None
    return f"{result['gops']:.0f}" + (f" **{value:.2f}**" if value else "")


def is_best_level(name):
    return name.startswith("eigen f32 avx512") or not name.endswith(LOWER_LEVELS)


def rows_of(cases, columns, cell, wanted):
    """A row for each contestant, in the order of their first appearance."""
    found = {}
    for case in cases:
        for result in results.timed(case):
            if wanted(result["name"]):
                found.setdefault(result["name"], {})[columns(case)] = cell(result)
    return found


def tables(data, title, chosen, columns, label, cell, wanted=is_best_level):
    """A table for each family that has such cases, under one heading."""
    parts = []
    for family in dict.fromkeys(case["family"] for case in data["cases"]):
        cases = [case for case in data["cases"] if case["family"] == family and chosen(case)]
        order = list(dict.fromkeys(columns(case) for case in cases))
        found = rows_of(cases, columns, cell, wanted)
        if found:
            rows = [(name, [cells.get(column) for column in order]) for name, cells in found.items()]
            parts.append(TITLES.get(family, family) + ":\n\n" + table([label(column) for column in order], rows))
    return f"### {title}\n\n" + "\n".join(parts) if parts else ""


def extents(case):
    return case["m"], case["n"], case["k"]


def build(data):
    """Everything, as Markdown."""
    many = lambda case: case["m"] >= 16 and case["weights"] == "hot"
    few = lambda weights: lambda case: case["m"] <= 16 and case["n"] == 4096 and case["weights"] == weights
    shape = lambda e: "·".join(map(str, e))
    tokens = lambda e: f"m = {e[0]}"
    parts = [
        tables(data, "Large products, % of the int8, f32 or bf16 peak (m·n·k, hot)", many, extents, shape, of_peak),
        tables(data, "Small batches at n = k = 4096, weights from memory: µs (% of DRAM)", few("cold"), extents, tokens, of_dram),
        tables(data, "The same, hot: µs", few("hot"), extents, tokens, of_dram),
        tables(data, "Every instruction set: Gop/s, and **times as fast as Eigen in f32 on AVX2**", many, extents, shape,
               against_eigen, lambda name: name.startswith("qtl") and name.endswith(LOWER_LEVELS + ("avx512_vnni",))),
        tables(data, "The price of a call: µs", lambda case: case["n"] == 64, extents, shape, duration),
    ]
    return "\n".join(part for part in parts if part)
