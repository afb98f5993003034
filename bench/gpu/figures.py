"""What gpu_bench wrote, as bars.py and plot.py need it."""

import json
import math

SCHEMA = 1
REGIMES = ("steady", "cool")


class Unusable(Exception):
    """The file is not what these scripts read; the text says what was expected."""


def load(path):
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Unusable(f"{path}: {error}; gpu_bench --json FILE writes one") from error
    data = data.get("bench", {}).get("results", data) if isinstance(data, dict) else data  # report.json has it inside
    if not isinstance(data, dict) or data.get("suite") != "gpu" or data.get("schema") != SCHEMA:
        raise Unusable(f"{path}: expected the GPU benchmarks' results of schema {SCHEMA}")
    return data


def extents(case):
    return case["m"], case["n"], case["k"]


def shape(case):
    return "×".join(str(extent) for extent in extents(case) if extent)


def timed(case, peers):
    return [result for result in case["results"] if result["peer"] == peers and "failed" not in result]


def microseconds(result, regime="steady"):
    return result[regime]["us"]["median"]


def ours(case, regime="steady"):
    """What the layer would run: the first of our kernels, in order of preference; None where it failed."""
    first = next((result for result in case["results"] if not result["peer"]), None)
    return first if first and "failed" not in first and microseconds(first, regime) > 0 else None


def ratio(case, peer, regime="steady"):
    """Median over the rounds of a peer's time by ours; above 1 we are faster. None where one is missing."""
    result = ours(case, regime)
    found = result and result[regime]["faster_than"].get(peer)
    return found["median"] if found and found["median"] > 0 else None


def fastest_ratio(case, regime="steady"):
    """(ratio, name) of the fastest peer, or None."""
    peers = timed(case, peers=True)
    if not peers or not ours(case, regime):
        return None
    name = min(peers, key=lambda peer: microseconds(peer, regime))["name"]
    found = ratio(case, name, regime)
    return (found, name) if found else None


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def is_llama(case):
    return case["model"].startswith(("8B ", "70B "))
