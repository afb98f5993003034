"""The GPU benchmarks' scripts on results that are made here: bars are judged as the figures say, pictures hold them all."""

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import tree

SCRIPTS = tree.ROOT / "bench" / "gpu"
SVG = "{http://www.w3.org/2000/svg}"
sys.path.insert(0, str(SCRIPTS))

import bars  # noqa: E402
import figures  # noqa: E402


def spread(value):
    return {"p10": value, "median": value, "p90": value}


def result(name, us, gb=100.0, peers=None, megabytes=1.0):
    """One contestant as json.cpp writes it; `peers` are ratios, which only ours have. Cool: a tenth faster."""
    made = {"name": name, "detail": "", "peer": peers is None, "bytes": megabytes * 1e6 * 1.1}
    for regime, factor in (("steady", 1.0), ("cool", 1 / 1.1)):
        made[regime] = {"us": spread(us * factor), "tops": 1.0, "gb_per_s": gb}
        if peers is not None:
            made[regime]["faster_than"] = {peer: spread(value) for peer, value in peers.items()}
    return made


def case(family, extents, *results, model="8B o"):
    m, n, k = extents
    return {"family": family, "model": model, "m": m, "n": n, "k": k, "clock_mhz": 0, "watts": 0, "results": list(results)}


def product(family, extents, peer, ratio, us=10.0, gb=100.0, model="8B o"):
    return case(family, extents, result("qtl " + family, us, gb, {peer: ratio}), result(peer, us * ratio), model=model)


CUBE = (4096, 4096, 4096)
DATA = {
    "schema": 1, "suite": "gpu", "device": "a device <of no make>", "ceilings": {"copy_gb_per_s": 1000.0, "bf16_tflops": 0},
    "cases": [
        # Means of 1.02 and 1.12: above 1.05. The third has too few tokens to count.
        product("w8a8", (512, 4096, 4096), bars.INT8, 1.02, us=10),
        product("w8a8", (1024, 4096, 4096), bars.INT8, 1.12, us=20),
        product("w8a8", (16, 8192, 8192), bars.INT8, 0.5, gb=850.0, model="70B o"),
        # Ours alone, at one of these shapes: 9.5 us of FP8 by 10 of INT8 is 0.95, below 0.97.
        product("fp8", (512, 4096, 4096), bars.ROWS, 1.3, us=9.5),
        product("fp8", CUBE, bars.ROWS, 1.0, model="square"),
        product("fp8", (8192, 8192, 8192), bars.ROWS, 0.99, model="square"),
        product("fp8_block", (64, 8192, 8192), bars.BLOCKS, 1.6, gb=700.0, model="70B o"),
        product("w4a16", (16, 8192, 8192), bars.BF16, 2.0, gb=760.0, model="70B o"),
        case("quantize_s8", (8192, 0, 8192), result("qtl rows", 5, 950.0, {"copy": 0.95}, 200), result("copy", 4.75), model=""),
        case("quantize_s8", (16, 0, 8192), result("qtl rows", 5, 10.0, {"copy": 0.1}, 2), result("copy", 0.5), model=""),
        # A failure of ours is not a figure, and neither is what a second kernel of ours does.
        case("w8a8", (2048, 4096, 4096), {"name": "qtl w8a8", "detail": "", "peer": False, "failed": "wrong output"},
             result("qtl w8a8 other", 1, 100.0, {bars.INT8: 9.0}), result(bars.INT8, 9)),
    ]}


def judged():
    return {what: (value, count) for what, _, _, value, count, _ in bars.judge(DATA)}


def near(value, expected):
    return value is not None and abs(value - expected) < 1e-9


def check_bars():
    found = judged()
    by_start = {start: found[next(what for what in found if what.startswith(start))] for start in
                ("INT8, m >= 512", "INT8 by our FP8", "FP8 per tensor", "FP8 per row", "FP8 in blocks, m >= 1024",
                 "FP8 in blocks, m <= 64", "8-bit decode", "W4A16, m <= 16, 8192", "W4A16, m <= 16, 28672", "Quantization")}
    yield "INT8 is a geometric mean", near(by_start["INT8, m >= 512"][0], (1.02 * 1.12) ** 0.5)
    yield "of the shapes that count", by_start["INT8, m >= 512"][1] == 2
    yield "INT8 is compared with our FP8", near(by_start["INT8 by our FP8"][0], 0.95)
    yield "what nobody measured has no figure", by_start["FP8 per tensor"] == (None, 0)
    yield "the least counts", by_start["FP8 per row"] == (0.99, 2)
    yield "blocks, many tokens: not measured", by_start["FP8 in blocks, m >= 1024"] == (None, 0)
    yield "blocks, few tokens", near(by_start["FP8 in blocks, m <= 64"][0], 1.6)
    yield "decode is a part of the copy", near(by_start["8-bit decode"][0], 0.7)
    yield "W4A16 streams", near(by_start["W4A16, m <= 16, 8192"][0], 0.76)
    yield "W4A16 at another layer: not measured", by_start["W4A16, m <= 16, 28672"] == (None, 0)
    yield "small rows are not judged", by_start["Quantization"] == (0.95, 1)
    text = bars.summary(DATA)
    yield "reached is told", "| 1.05 | 1.07 | reached; least 1.02 at 512×4096×4096 |" in text
    yield "not reached is told", "| 1.00 | 0.99 | **not reached**; least 0.99 at 8192×8192×8192 |" in text
    yield "not measured is told", "| 3.50 | | not measured |" in text
    yield "steady by cool", "| cublaslt s8 to s32 | 1.100 | 1.100 | 4 |" in text
    none = dict(DATA, ceilings={"copy_gb_per_s": 0})
    yield "without a measured copy nothing is a part of it", all(
        value is None for what, _, _, value, *_ in bars.judge(none) if "of a copy" in what)


def hints(path):
    return [title.text for group in xml.parse(path).getroot().iter(SVG + "g") for title in group.iter(SVG + "title")]


def run(script, *arguments):
    return subprocess.run([sys.executable, SCRIPTS / script, *arguments], capture_output=True, text=True, check=False)


def check_files(folder):
    source = folder / "bench.json"
    source.write_text(json.dumps(DATA))
    drawn = run("plot.py", source, folder)
    yield "pictures are drawn", drawn.returncode == 0 and drawn.stdout.count(".svg") == 2
    by_m, by_shape = hints(folder / "ratio_by_m.svg"), hints(folder / "ratio_by_shape.svg")
    yield "every layer is a point against m", len(by_m) == 6
    yield "every product is a point by shape", len(by_shape) == 8
    yield "points say what they are", "w8a8 512×4096×4096 8B o: 1.02 times as fast as cublaslt s8 to s32" in by_m
    words = [text.text for text in xml.parse(folder / "ratio_by_m.svg").getroot().iter(SVG + "text")]
    yield "names are escaped", any("a device <of no make>" in word for word in words)
    yield "families are named", {"w8a8", "fp8", "fp8_block", "w4a16"} <= set(words)
    report = folder / "report.json"
    report.write_text(json.dumps({"bench": {"results": DATA}}))
    yield "bars.py prints, also out of a report", run("bars.py", report).stdout == run("bars.py", source).stdout != ""


def check_refusals(folder):
    other = folder / "other.json"
    other.write_text(json.dumps({"suite": "cpu", "schema": 1}))
    for script, more in (("bars.py", ()), ("plot.py", (folder,))):
        refused = run(script, other, *more)
        yield f"{script} refuses another suite", refused.returncode == 1 and "expected the GPU benchmarks" in refused.stderr
    yield "an absent file is refused", "absent.json" in run("bars.py", folder / "absent.json").stderr
    lonely = folder / "lonely.json"
    lonely.write_text(json.dumps(dict(DATA, cases=[])))
    yield "nothing to draw is told", "nothing to draw" in run("plot.py", lonely, folder / "none").stdout


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checks = [*check_bars(), *check_files(folder), *check_refusals(folder)]
    problems = [what for what, holds in checks if not holds]
    tree.report("GPU report, statements", len(checks), problems)


main()
