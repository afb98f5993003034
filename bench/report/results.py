"""What the CPU suite wrote, as the pictures and the page need it."""

import json

SCHEMA = 1

# Who is drawn, in this order where the file has them: name, label, colour, mark. Everybody is in the tables.
SERIES = [
    ("qtl w8a8 layer", "QTL w8a8", "#2563eb", "circle"),
    ("qtl w4a8 g128 layer", "QTL w4a8 g128", "#059669", "circle"),
    ("qtl w4a32 g128", "QTL w4, f32 math", "#d97706", "circle"),
    ("onednn s8s8", "oneDNN int8", "#7c3aed", "square"),
    ("onednn f32", "oneDNN f32", "#be185d", "square"),
    ("xnnpack qs8", "XNNPACK int8", "#0891b2", "square"),
    ("ggml q8_0 layer", "ggml Q8_0", "#a16207", "triangle"),
    ("ggml q4_0 layer", "ggml Q4_0", "#65a30d", "triangle"),
    ("openblas f32", "OpenBLAS f32", "#64748b", "triangle"),
    ("eigen f32 avx512", "Eigen f32", "#94a3b8", "diamond"),
    ("eigen f32 avx2", "Eigen f32 (AVX2)", "#94a3b8", "diamond"),
]


class Unusable(Exception):
    """The file is not what this script draws; the text says what was expected."""


def load(path):
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Unusable(f"{path}: {error}; ./dev bench --suite cpu writes one") from error
    if not isinstance(data, dict) or data.get("suite") != "cpu" or data.get("schema") != SCHEMA:
        raise Unusable(f"{path}: expected the CPU suite's results of schema {SCHEMA}")
    if not data.get("cases"):
        raise Unusable(f"{path}: has no cases")
    return data


def operations(case):
    return 2 * case["m"] * case["n"] * case["k"]


def intensity(case, result):
    """Operations per byte: packed weights, f32 activations and results, each counted once."""
    return operations(case) / (result["weight_bytes"] + 4 * case["m"] * (case["n"] + case["k"]))


def shape(case):
    return f"{case['m']} × {case['n']} × {case['k']}"


def timed(case):
    return [result for result in case["results"] if "failed" not in result]


def points(data, name):
    """(case, result) of one contestant, one for each shape and temperature."""
    found = {}
    for case in data["cases"]:
        for result in timed(case):
            if result["name"] == name:
                found.setdefault((case["m"], case["n"], case["k"], case["weights"]), (case, result))
    return list(found.values())


def drawn_series(data):
    """SERIES as far as the file has them; AVX2's Eigen only where there is no better one."""
    names = {result["name"] for case in data["cases"] for result in timed(case)}
    hidden = {"eigen f32 avx2"} if "eigen f32 avx512" in names else set()
    return [series for series in SERIES if series[0] in names - hidden]
