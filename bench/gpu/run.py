#!/usr/bin/env python3
"""Runs what was built for a GPU, and writes RESULTS/<device>/report.json and report.md.

    run.py BINARIES RESULTS [--only PART]... [--timeout SECONDS] [-- ARGUMENTS OF gpu_bench]

Parts, in this order: tests, memcheck, racecheck (compute-sanitizer's; skipped where it is not found), host (what a run
costs the host), questions (what bounds everybody), bench (kernels beside cuBLASLt, the project's bars, two pictures).
A part that runs again replaces what the report has of it; the others stay. Needs Python 3 alone.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bars  # noqa: E402
import plot  # noqa: E402

PARTS = ["tests", "memcheck", "racecheck", "host", "questions", "bench"]
CASES = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")
FAILED = re.compile(r"^TEST CASE:\s*(.+)$", re.MULTILINE)
SUMMARY = re.compile(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)")


def device():
    """Name and driver of the first GPU, or None."""
    try:
        done = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
                              capture_output=True, text=True, check=True)
        name, driver = done.stdout.splitlines()[0].rsplit(", ", 1)
        return name, driver
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return None


def run(command, log, seconds):
    """(status or None where time ran out, what it printed, seconds); the log is written as it goes."""
    start = time.monotonic()
    with log.open("w") as out:
        try:
            status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False,
                                    timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            status = None
    return status, log.read_text(errors="replace"), round(time.monotonic() - start, 1)


def test_part(binaries, folder, options):
    status, text, seconds = run([binaries / "gpu_test"], folder / "tests.log", options.timeout)
    counts = CASES.search(text)
    passed, failed = map(int, counts.groups()) if counts else (0, 1)
    return {"passed": passed, "failed": max(failed, int(status != 0)), "seconds": seconds,
            "out_of_time": status is None, "failed_cases": sorted(set(FAILED.findall(text))) if status else []}


def sanitizer_part(tool):
    def part(binaries, folder, options):
        program = shutil.which("compute-sanitizer") or shutil.which("/usr/local/cuda/bin/compute-sanitizer")
        if program is None:
            return {"skipped": "compute-sanitizer is not found"}
        status, text, seconds = run([program, "--tool", tool, "--error-exitcode", "99", binaries / "gpu_test"],
                                    folder / f"{tool}.log", options.timeout)
        found = SUMMARY.search(text)
        return {"errors": int(found.group(1)) if found else None, "status": status, "seconds": seconds,
                "out_of_time": status is None}
    return part


def bench_part(name, *own_arguments):
    """gpu_bench with these arguments; the command line's are for the part `bench`."""
    def part(binaries, folder, options):
        results, tables = folder / f"{name}.json", folder / f"{name}.md"
        command = [binaries / "gpu_bench", "--json", results, "--markdown", tables, *own_arguments,
                   *(options.arguments if name == "bench" else [])]
        status, text, seconds = run(command, folder / f"{name}.log", options.timeout)
        made = {"status": status, "seconds": seconds, "out_of_time": status is None,
                "results": json.loads(results.read_text()) if results.exists() else None,
                "tables": tables.read_text() if tables.exists() and tables.stat().st_size else text[-4000:]}
        results.unlink(missing_ok=True)
        tables.unlink(missing_ok=True)
        if made["results"] and name != "host":
            made["tables"] += "\n" + conclusions(made["results"], folder if name == "bench" else None)
        return made
    return part


def conclusions(results, folder):
    """What the figures come to, as Markdown: bars and pictures for the main part, regimes for both."""
    if folder is None:
        return f"## Steady and cool\n\n{bars.regime_table(results)}\n"
    pictures = [f"![{name}]({name})" for name in plot.draw(results, folder)]
    return "\n\n".join([bars.summary(results), *pictures])


def is_good(part):
    if "skipped" in part:
        return True
    return not (part.get("failed") or part.get("errors") or part.get("out_of_time") or part.get("status"))


def line(name, part):
    """One part in one line of Markdown."""
    if "skipped" in part:
        return f"| {name} | not run: {part['skipped']} | |"
    if name == "tests":
        what = f"{part['passed']} passed, {part['failed']} failed"
    elif "results" in part:
        cases = part["results"]["cases"] if part["results"] else []
        what = f"{len(cases)} cases, exit status {part['status']}"
    else:
        what = f"{part['errors']} errors, exit status {part['status']}"
    return f"| {name} | {what}{', out of time' if part['out_of_time'] else ''} | {part['seconds']} s |"


def write(folder, report):
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    parts = [(name, report[name]) for name in PARTS if name in report]
    text = [f"Driver {report['driver']}, commit {report['commit']}.", "", "| part | result | time |", "|---|---|--:|"]
    text += [line(name, part) for name, part in parts]
    text += [f"\nFailed: {case}" for case in report.get("tests", {}).get("failed_cases", [])]
    for name in ("host", "questions", "bench"):
        text += ["", report[name]["tables"]] if name in report else []
    (folder / "report.md").write_text("\n".join(text).rstrip() + "\n")


def arguments():
    own, bench = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, bench = own[:at], own[at + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for each part")
    parser.add_argument("--commit", default="unknown")
    options = parser.parse_args(own)
    options.arguments = bench
    return options


def main():
    options = arguments()
    os.environ["QTL_COMMIT"] = options.commit
    found = device()
    if found is None:
        print("No GPU here: nvidia-smi finds none, so there is no CUDA device to test or to measure.", file=sys.stderr)
        return 1
    name, driver = found
    folder = options.results / re.sub(r"\W+", "_", name)
    folder.mkdir(parents=True, exist_ok=True)
    previous = folder / "report.json"
    report = json.loads(previous.read_text()) if previous.exists() else {}
    report |= {"schema": 1, "device": name, "driver": driver, "commit": options.commit}
    work = {"tests": test_part, "memcheck": sanitizer_part("memcheck"), "racecheck": sanitizer_part("racecheck"),
            "host": bench_part("host", "--host-overhead"), "questions": bench_part("questions", "--questions"),
            "bench": bench_part("bench")}
    good = True
    for part in options.only or PARTS:
        report[part] = work[part](options.binaries, folder, options)
        write(folder, report)
        print(line(part, report[part]), flush=True)
        good = good and is_good(report[part])
    print(f"{folder}/report.md")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
