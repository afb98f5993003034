"""The report on the CPU suite: pictures that hold what the file holds, a page with every result, clear refusals."""

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import tree

SCRIPTS = tree.ROOT / "bench" / "report"
FIXTURE = Path(__file__).with_name("report_fixture.json")
SVG = "{http://www.w3.org/2000/svg}"
sys.path.insert(0, str(SCRIPTS))

import drawing  # noqa: E402
import results  # noqa: E402


def report(source, folder):
    return subprocess.run([sys.executable, SCRIPTS / "report.py", source, folder], capture_output=True, text=True,
                          check=False)


def hints(path):
    """What the points of a picture say of themselves."""
    return [title.text for group in xml.parse(path).getroot().iter(SVG + "g") for title in group.iter(SVG + "title")]


def check_pictures(folder):
    yield "a point for every timed result on the roofline", len(hints(folder / "roofline.svg")) == 4
    yield "a point for every timed result against m", len(hints(folder / "latency.svg")) == 4
    words = [element.text for element in xml.parse(folder / "roofline.svg").getroot().iter(SVG + "text")]
    yield "roofs name their figures", "int8 peak, 1000 Gop/s (dot)" in words and "DRAM read, 20 GB/s" in words
    yield "a contestant that failed is not drawn", "OpenBLAS f32" not in words


def check_page(folder):
    page = (folder / "index.html").read_text()
    yield "the page has every result", page.count("<td>qtl w8a8 layer</td>") == 2 and page.count("onednn f32") == 2
    yield "a failure is told", "wrong result: y(0, 0) is 1, expected 2" in page
    yield "wins and losses are marked", '<td class="win">1.50</td>' in page and '<td class="loss">0.50</td>' in page
    yield "what is missing is told", "MISSING: another library" in page
    yield "names are escaped", "a processor &lt;of no make&gt;" in page


def check_tables(folder):
    tables = (folder / "tables.md").read_text()
    yield "ours has its ratio, others have none", "| qtl w8a8 layer | 50 **0.50** |\n| onednn f32 | 400 |" in tables
    yield "no table is empty", "### The price of a call" not in tables


def check_refusals(folder):
    wrong = folder / "wrong.json"
    wrong.write_text(json.dumps({"suite": "cpu", "schema": 99}))
    run = report(wrong, folder / "none")
    yield "another schema is refused", run.returncode == 1 and f"of schema {results.SCHEMA}" in run.stderr
    run = report(folder / "absent.json", folder / "none")
    yield "an absent file is refused", run.returncode == 1 and "absent.json" in run.stderr


def check_drawing():
    chart = drawing.Chart(100, 50, 300, 200, (1, 1000), (10, 1000))
    yield "axes are logarithmic", abs(chart.x(10) - 200) < 1e-9 and abs(chart.y(100) - 150) < 1e-9
    yield "ticks stay inside", drawing.powers(5, 3000, 10, (1, 3)) == [10, 30, 100, 300, 1000, 3000]
    placed = drawing.spread([10, 11, 50], 17)
    yield "labels keep their distance", placed[1] - placed[0] > 16.9 and placed[2] - placed[1] > 16.9
    data = results.load(FIXTURE)
    case = data["cases"][0]
    yield "operations per byte", abs(results.intensity(case, case["results"][0]) - 20000 / 10800) < 1e-9


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = report(FIXTURE, folder)
        checks = [("the report is made", run.returncode == 0)]
        checks += [*check_pictures(folder), *check_page(folder), *check_tables(folder), *check_refusals(folder), *check_drawing()]
    problems = [what for what, holds in checks if not holds]
    tree.report("report, statements", len(checks), problems)


main()
