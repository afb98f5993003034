#!/usr/bin/env python3
"""Compares what gpu_bench measured with what the project set out to reach: reached, not reached, or not measured.

    bars.py RESULTS.json     prints one Markdown table; the exit status is 0 whatever it says
"""

import sys
from pathlib import Path

import figures

INT8, FP8, ROWS, BLOCKS, BF16 = ("cublaslt s8 to s32", "cublaslt e4m3", "cublaslt e4m3 rows", "cublaslt e4m3 blocks",
                                 "cublaslt bf16")
CUBES = {(4096, 4096, 4096), (8192, 8192, 8192)}
MEGABYTE = 1 << 20


def against(data, family, peer, wanted):
    """Ratios to a peer over the cases that `wanted` accepts."""
    cases = [case for case in data["cases"] if case["family"] == family and wanted(case)]
    return [(figures.ratio(case, peer), case) for case in cases if figures.ratio(case, peer)]


def int8_by_fp8(data):
    """Times of FP8 by those of INT8, both ours, shape by shape."""
    fp8 = {figures.extents(case): case for case in data["cases"] if case["family"] == "fp8" and figures.ours(case)}
    pairs = [(case, fp8[figures.extents(case)]) for case in data["cases"]
             if case["family"] == "w8a8" and figures.ours(case) and figures.extents(case) in fp8 and many_tokens(case)]
    return [(figures.microseconds(figures.ours(other)) / figures.microseconds(figures.ours(case)), case)
            for case, other in pairs]


def of_copy(data, families, wanted):
    """Bytes per second by those of a copy."""
    copy = data["ceilings"]["copy_gb_per_s"]
    cases = [case for case in data["cases"] if case["family"] in families and figures.ours(case) and wanted(case)]
    return [(figures.ours(case)["steady"]["gb_per_s"] / copy, case) for case in cases] if copy else []


def many_tokens(case):
    return figures.is_llama(case) and case["m"] >= 512


def decode(case):
    return case["m"] <= 64 and case["n"] * case["k"] >= 32 * MEGABYTE


def is_fused_or_plain(family):
    return family.startswith("quantize_")


# What is set, what of it is judged (the geometric mean or the least of all cases), the bar, and the cases.
BARS = [
    ("INT8, m >= 512, Llama layers, by cuBLASLt's s8 to s32", "mean", 1.05,
     lambda data: against(data, "w8a8", INT8, many_tokens)),
    ("INT8 by our FP8, m >= 512, Llama layers", "mean", 0.97, int8_by_fp8),
    ("FP8 per tensor, 4096 and 8192 cubed, by cuBLASLt's", "least", 1.0,
     lambda data: against(data, "fp8_static", FP8, lambda case: figures.extents(case) in CUBES)),
    ("FP8 per row, 4096 and 8192 cubed, by cuBLASLt's", "least", 1.0,
     lambda data: against(data, "fp8", ROWS, lambda case: figures.extents(case) in CUBES)),
    ("FP8 in blocks, m >= 1024, by cuBLASLt's", "mean", 1.0,
     lambda data: against(data, "fp8_block", BLOCKS, lambda case: case["m"] >= 1024)),
    ("FP8 in blocks, m <= 64, by cuBLASLt's", "mean", 1.5,
     lambda data: against(data, "fp8_block", BLOCKS, lambda case: case["m"] <= 64)),
    ("8-bit decode, m <= 64, weights of 32 MB and more, of a copy", "least", 0.80,
     lambda data: of_copy(data, {"w8a8", "fp8", "fp8_static", "fp8_block"}, decode)),
    ("W4A16, m <= 16, 8192 x 8192, of a copy", "least", 0.75,
     lambda data: of_copy(data, {"w4a16"}, lambda case: case["m"] <= 16 and (case["n"], case["k"]) == (8192, 8192))),
    ("W4A16, m <= 16, 28672 x 4096, by cuBLASLt's bf16", "least", 3.5,
     lambda data: against(data, "w4a16", BF16, lambda case: case["m"] <= 16 and (case["n"], case["k"]) == (28672, 4096))),
    ("Quantization, plain and fused, 64 MB and more, of a copy", "least", 0.90,
     lambda data: of_copy(data, {case["family"] for case in data["cases"] if is_fused_or_plain(case["family"])},
                          lambda case: figures.ours(case)["bytes"] >= 64 * MEGABYTE)),
]


def judge(data):
    """(what, how, bar, figure or None, cases, the least case or None) of every bar."""
    for what, how, bar, measure in BARS:
        found = measure(data)
        values = [value for value, _ in found]
        least = min(found, key=lambda pair: pair[0]) if found else None
        value = None if not found else figures.geometric_mean(values) if how == "mean" else least[0]
        yield what, how, bar, value, len(found), least


def table(data):
    lines = ["| bar | judged by | wanted | got | |", "|---|---|--:|--:|---|"]
    for what, how, bar, value, count, least in judge(data):
        by = f"geometric mean of {count}" if how == "mean" else f"least of {count}"
        if value is None:
            lines.append(f"| {what} | {'geometric mean' if how == 'mean' else 'least'} | {bar:.2f} | | not measured |")
            continue
        verdict = "reached" if value >= bar else "**not reached**"
        lines.append(f"| {what} | {by} | {bar:.2f} | {value:.2f} | {verdict}; least {least[0]:.2f} at "
                     f"{figures.shape(least[1])} |")
    return "\n".join(lines)


def regime_table(data):
    """How much faster each contestant is after 10 ms of idling than back to back: steady by cool, by name."""
    seen = {}
    for case in data["cases"]:
        for result in case["results"]:
            if "failed" not in result and case["n"] and figures.microseconds(result, "cool") > 0:
                seen.setdefault(result["name"], []).append(
                    figures.microseconds(result) / figures.microseconds(result, "cool"))
    lines = ["| contestant | steady by cool, geometric mean | most | cases |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {figures.geometric_mean(values):.3f} | {max(values):.3f} | {len(values)} |"
              for name, values in seen.items()]
    return "\n".join(lines)


def summary(data):
    return (f"## Bars\n\nSteady figures.\n\n{table(data)}\n\n## Steady and cool\n\n{regime_table(data)}\n")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(summary(figures.load(Path(sys.argv[1]))))
    except figures.Unusable as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
