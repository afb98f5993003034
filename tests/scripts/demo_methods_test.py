"""The demo runs methods, and they are worth it. Argument: the program; run it in the repository root."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tree

DEMO = sys.argv[1]
FEW = ["--repetitions", "1", "--threads", "2"]


def run(*arguments):
    return subprocess.run([DEMO, *FEW, *map(str, arguments)], capture_output=True, text=True, check=False)


def rows_of(method, *arguments):
    """The rows of one method by policy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.json"
        done = run("--method", method, "--json", path, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"method {method}" in done.stdout
        rows = json.loads(path.read_text())["rows"][1:]
    assert all(row["method"] == method and row["reload_identical"] for row in rows)
    return {row["policy"]: row for row in rows}


def gptq_keeps_the_accuracy():
    """No worse than plain rounding by more than a point on 2000 images, and closer to the float logits."""
    presets = ["--policy", "w4a16", "--policy", "w3a16"]
    plain, better = rows_of("rtn", *presets), rows_of("gptq", *presets)
    for policy in plain:
        assert better[policy]["top1"] >= plain[policy]["top1"] - 0.01, (plain[policy], better[policy])
        assert better[policy]["bits_per_weight"] == plain[policy]["bits_per_weight"]
    assert better["w3a16"]["sqnr_db"] > plain["w3a16"]["sqnr_db"] + 1, (plain["w3a16"], better["w3a16"])


def changes_of_inputs_are_applied():
    """Scales, orders and rotations: without them the outputs would be far from those of plain rounding."""
    # SPIQ's scales make rare pixels large, which a calibrated range would clip.
    for preset, methods in (("w8a8_static", ["awq", "smoothquant", "rotated_gptq", "corrected_rtn"]), ("w8a16", ["spiq"])):
        chosen = ["--policy", preset, "--images", "300"]
        plain = rows_of("rtn", *chosen)[preset]
        for method in methods:
            row = rows_of(method, *chosen)[preset]
            assert row["sqnr_db"] > plain["sqnr_db"] - 8, (method, row["sqnr_db"], plain["sqnr_db"])
            assert row["sqnr_db"] != plain["sqnr_db"], f"{method} changed nothing"


def bad_methods_are_named():
    for arguments, words in ((["--method", "magic"], ["--method", "magic", "autoround"]),
                             (["--method", "all", "--plot", "x.svg"], ["--plot", "one method"]),
                             (["--method", "gptq", "--model", "x"], ["--method", "--model"])):
        done = run(*arguments)
        assert done.returncode == 2 and all(word in done.stderr for word in words), done.stderr


def main():
    checks = [gptq_keeps_the_accuracy, changes_of_inputs_are_applied, bad_methods_are_named]
    problems = []
    for check in checks:
        try:
            check()
        except AssertionError as problem:
            problems.append(f"{check.__name__}: {problem}")
    tree.report("demo methods", len(checks), problems)


main()
