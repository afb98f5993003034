"""The sweep measures, resumes, refuses to mix and draws. Argument: the program; run it in the repository root."""

import json
import math
import random
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import tree

SWEEP = sys.argv[1]
POLICIES, METHODS = ["s4_g128", "nf4"], ["rtn", "gptq"]
LAYERS = ["layers.0", "layers.1", "layers.2"]
SMALL = ["--policies", ",".join(POLICIES), "--methods", ",".join(METHODS), "--samples", "64"]
# Arguments that are refused, and words that the message must have: the argument, what came, what was expected.
REFUSED = [
    (["--policies", "s4_g128,s9"], ["--policies", "s9", "expected", "nvfp4"]),
    (["--methods", "magic"], ["--methods", "magic", "expected", "autoround"]),
    (["--methods", "rtn,,hqq"], ["--methods", "rtn,,hqq", "expected"]),
    (["--samples", "0"], ["--samples", "'0'", "expected a number above 0"]),
    (["--threads", "two"], ["--threads", "'two'", "expected a number above 0"]),
    (["--layers", "conv*"], ["--layers", "conv*", "layers.2"]),
    (["--inputs", "x.safetensors"], ["--inputs", "needs --model"]),
    (["--model", "none.safetensors"], ["--model", "none.safetensors", "expected"]),
    (["--model", "README.md"], ["--model", "README.md", "expected"]),
    (["--json", "none/table.json"], ["--json", "none/table.json", "expected"]),
    (["--json", "docs"], ["--json", "docs", "expected a file"]),
    (["--plots", "README.md/plots"], ["--plots", "README.md/plots", "expected"]),
    (["--json"], ["--json", "needs a value"]),
    (["--what"], ["--what", "--help"]),
]


def run(*arguments):
    return subprocess.run([SWEEP, *map(str, arguments)], capture_output=True, text=True, check=False)


def table(path):
    """The rows of a JSON file without their times, and all the rest."""
    parsed = json.loads(path.read_text())
    seconds = [row.pop("seconds") for row in parsed["rows"]]
    return parsed, seconds


def write_safetensors(path, tensors):
    """Float tensors {name: (rows, cols, values)} as a file."""
    header, data = {}, b""
    for name, (rows, cols, values) in tensors.items():
        begin = len(data)
        data += struct.pack(f"<{rows * cols}f", *values)
        header[name] = {"dtype": "F32", "shape": [rows, cols], "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Checks:
    """One method per claim; each gets an empty folder and asserts."""

    def threads_change_nothing(self, folder):
        for threads in (1, 2):
            done = run(*SMALL, "--threads", threads, "--json", folder / f"{threads}.json", "--csv", folder / "csv")
            assert done.returncode == 0, done.stderr
            assert done.stderr == "", "a progress bar in a pipe"
        one, seconds = table(folder / "1.json")
        assert one == table(folder / "2.json")[0]
        assert all(s > 0 for s in seconds)
        assert one["model"]["bytes"] == Path("examples/fashion_mnist/model.safetensors").stat().st_size
        keys = [(row["layer"], row["policy"], row["method"]) for row in one["rows"]]
        assert keys == [(x, p, m) for x in LAYERS for p in POLICIES for m in METHODS]
        rows = dict(zip(keys, one["rows"]))
        for (layer, policy, method), row in rows.items():
            assert 4 < row["bits_per_weight"] < 5 and 0 < row["output_error"] < 0.5
            plain = rows[layer, policy, "rtn"]
            assert method == "rtn" or row["seen_error"] <= plain["seen_error"] * 1.0001
        lines = (folder / "csv").read_text().splitlines()
        assert len(lines) == 1 + len(rows) and lines[0].startswith("layer,policy,method,")

    def resume_computes_only_what_is_missing(self, folder):
        file = folder / "table.json"
        first = run(*SMALL, "--methods", "rtn", "--resume", file)
        assert first.returncode == 0, first.stderr
        before = {(r["layer"], r["policy"]): r for r in json.loads(file.read_text())["rows"]}
        assert run(*SMALL, "--resume", file).returncode == 0
        rows = json.loads(file.read_text())["rows"]
        assert len(rows) == 12
        # Times are never measured twice alike: equal ones were taken over.
        assert all(before[r["layer"], r["policy"]] == r for r in rows if r["method"] == "rtn")
        complete = file.read_bytes()
        assert run(*SMALL, "--resume", file).returncode == 0
        assert file.read_bytes() == complete
        fewer = run(*SMALL, "--methods", "gptq", "--resume", file)
        assert fewer.returncode == 0 and len(json.loads(file.read_text())["rows"]) == 12, "rows were lost"

    def resume_refuses_to_mix(self, folder):
        file = folder / "table.json"
        assert run(*SMALL, "--methods", "rtn", "--resume", file).returncode == 0
        for option, other in (("--samples", 65), ("--seed", 2), ("--model", "examples/fashion_mnist/model.safetensors")):
            kept = file.read_bytes()
            mixed = run(*SMALL, "--methods", "rtn", "--resume", file, option, other)
            words = [str(file), option.removeprefix("--") if option != "--model" else "inputs"]
            assert mixed.returncode == 2 and all(word in mixed.stderr for word in words), mixed.stderr
            assert file.read_bytes() == kept
        file.write_text('{"version": 1, "rows": [')
        broken = run(*SMALL, "--resume", file)
        assert broken.returncode == 1 and str(file) in broken.stderr, broken.stderr

    def bad_arguments_are_named(self, folder):
        for arguments, words in REFUSED:
            done = run(*arguments, "--csv", folder / "csv")
            assert done.returncode == 2, f"{arguments}: exit code {done.returncode}"
            assert all(word in done.stderr for word in words), f"{arguments}: {done.stderr}"
            assert not (folder / "csv").exists()

    def without_inputs_there_is_no_output_error(self, folder):
        done = run(*SMALL, "--model", "examples/fashion_mnist/model.safetensors", "--json", folder / "table.json")
        assert done.returncode == 0, done.stderr
        for row in table(folder / "table.json")[0]["rows"]:
            assert row["output_error"] is None and row["seen_error"] is None
            assert (row["weight_sqnr_db"] is None) == (row["method"] == "gptq")
            assert row["note"] == ("needs sample inputs" if row["method"] == "gptq" else "")

    def inputs_come_from_a_file(self, folder):
        rng = random.Random(1)
        weight = [rng.gauss(0, 1) for _ in range(24 * 64)]
        inputs = [rng.gauss(0, 1) * (1 + i % 64 % 7) for i in range(50 * 64)]
        write_safetensors(folder / "w", {"a.weight": (24, 64, weight), "b.weight": (24, 64, weight)})
        write_safetensors(folder / "x", {"a.weight": (50, 64, inputs)})
        methods = ["rtn", "rotated_rtn", "gptq_act_order", "awq", "corrected_gptq"]
        done = run("--model", folder / "w", "--inputs", folder / "x", "--policies", "s8", "--methods",
                   ",".join(methods), "--json", folder / "table.json")
        assert done.returncode == 0, done.stderr
        for row in table(folder / "table.json")[0]["rows"]:
            if row["layer"] == "b.weight":
                assert row["output_error"] is None
            else:  # what is folded into inputs is undone in the weight, and applied to the outputs
                assert row["output_error"] < 0.02 and row["weight_sqnr_db"] > 30, row
        write_safetensors(folder / "x", {"a.weight": (50, 32, inputs[:50 * 32])})
        wrong = run("--model", folder / "w", "--inputs", folder / "x", "--methods", "rtn")
        assert wrong.returncode == 2 and all(w in wrong.stderr for w in ("a.weight", "32", "64")), wrong.stderr

    def plots_are_drawn(self, folder):
        done = run(*SMALL, "--layers", "layers.2", "--plots", folder / "plots")
        assert done.returncode == 0, done.stderr
        pictures = {path.name: xml.etree.ElementTree.parse(path) for path in (folder / "plots").iterdir()}
        histograms = {f"histogram_layers.2_{policy}.svg" for policy in POLICIES}
        assert set(pictures) == histograms | {"pareto.svg", "value_grids.svg"}
        strokes = [path for path in pictures["value_grids.svg"].iter() if "value" in path.get("class", "").split()]
        # Values of INT8, E4M3, E5M2, E2M1 and NF4, then those above zero.
        assert len(strokes) == (256 + 253 + 247 + 15 + 16) + (127 + 126 + 123 + 7 + 8), len(strokes)
        marks = [m for m in pictures["pareto.svg"].iter() if "mark" in m.get("class", "").split()]
        front = len([lead for lead in pictures["pareto.svg"].iter() if lead.get("class") == "lead"])
        assert 1 <= front <= len(POLICIES)  # in the legend, in the chart, and those of the front once more
        assert len(marks) == len(METHODS) + len(METHODS) * len(POLICIES) + front
        coordinates = [float(m.get("cx")) for m in marks if m.get("cx")]
        assert coordinates and all(math.isfinite(x) and 0 < x < 960 for x in coordinates)


def main():
    checks = [name for name in vars(Checks) if not name.startswith("_")]
    problems = []
    for name in checks:
        with tempfile.TemporaryDirectory() as folder:
            try:
                getattr(Checks(), name)(Path(folder))
            except AssertionError as problem:
                line = problem.__traceback__.tb_next.tb_lineno
                problems.append(f"{name}: line {line} {problem}")
    tree.report("sweep", len(checks), problems)


main()
