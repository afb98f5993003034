"""Adds up a Meson test log: doctest cases one by one, scripts as one each. Last line: N passed, N failed.

A test that crashed or ran out of time is one failure more; one that was skipped did not pass.
"""

import json
import re
import sys
from pathlib import Path

CASES = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")


def count(test):
    """(passed, failed) of one entry of the log."""
    cases = CASES.findall(test.get("stdout", ""))
    passed = sum(int(ok) for ok, _ in cases)
    failed = sum(int(bad) for _, bad in cases)
    if test["result"] in ("OK", "SKIP"):
        return (passed, failed) if cases else (int(test["result"] == "OK"), 0)
    return passed, max(failed, 1)


def main():
    total = [0, 0]
    for line in Path(sys.argv[1]).read_text().splitlines():
        test = json.loads(line)
        passed, failed = count(test)
        total = [total[0] + passed, total[1] + failed]
        if test["result"] != "OK":
            print(f"--- {test['name']}: {test['result']}\n{test.get('stdout', '')}{test.get('stderr', '')}")
    print(f"{total[0]} passed, {total[1]} failed")
    sys.exit(1 if total[1] else 0)


main()
