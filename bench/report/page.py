"""The HTML page: circumstances, pictures, who was faster, every figure."""

from html import escape

import drawing
import results

STYLE = """
:root { color-scheme: light; --ink: #1f2937; --faint: #e5e7eb; --soft: #6b7280; }
body { font: 15px/1.5 Inter, 'Helvetica Neue', Arial, sans-serif; color: var(--ink); background: #f8fafc;
       max-width: 1140px; margin: 2.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem } h2 { font-size: 1.2rem; margin-top: 2.2rem }
p.circumstances { color: var(--soft); margin-top: 0 }
figure { margin: 1.2rem 0; background: #fff; border: 1px solid var(--faint); border-radius: 10px; overflow: hidden }
figure img { display: block; width: 100%; height: auto }
table { border-collapse: collapse; width: 100%; background: #fff; font-variant-numeric: tabular-nums }
th, td { padding: .28rem .6rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap }
th { color: var(--soft); font-weight: 500 } th:first-child, td:first-child { text-align: left }
tr.ours td:first-child { font-weight: 600 } tr.failed td { color: #b91c1c; text-align: left }
td.win { color: #047857; font-weight: 600 } td.loss { color: #b91c1c }
details { margin: .6rem 0 } summary { cursor: pointer; padding: .3rem 0; font-weight: 600 }
"""


def cell(value, digits=1, kind=""):
    shown = "–" if value is None else f"{value:.{digits}f}"
    return f'<td class="{kind}">{shown}</td>' if kind else f"<td>{shown}</td>"


def verdict(value):
    """A ratio to the fastest peer; within 2 % nobody won."""
    if not value:
        return cell(None)
    return cell(value, 2, "win" if value > 1.02 else "loss" if value < 0.98 else "")


def row(result):
    name = f"<td>{escape(result['name'])}</td>"
    if "failed" in result:
        return f'<tr class="failed">{name}<td colspan="6">{escape(result["failed"])}</td></tr>'
    cells = [cell(result["us"], 2), cell(result["gops"]), cell(result["percent_of_peak"] or None),
             cell(result["gb_per_s"]), cell(result.get("percent_of_dram") or None),
             verdict(result.get("faster_than_fastest_peer"))]
    kind = "" if result["peer"] else ' class="ours"'
    return f"<tr{kind}>{name}{''.join(cells)}</tr>"


def case_table(case):
    head = "".join(f"<th>{words}</th>" for words in
                   ("", "µs", "Gop/s", "% of peak", "GB/s", "% of DRAM", "× fastest peer"))
    rows = "\n".join(row(result) for result in case["results"])
    title = f"{case['family']}, {results.shape(case)}, {case['weights']} weights"
    return f"<details><summary>{escape(title)}</summary><table><tr>{head}</tr>\n{rows}</table></details>"


def summary_table(data):
    """Ours against the fastest peer of each round: one row a contestant and temperature, one column a shape."""
    ratios, shapes = {}, {}
    for case in data["cases"]:
        for result in results.timed(case):
            if not result["peer"] and "kernel" not in result["name"]:
                shapes[(case["m"], case["n"], case["k"])] = results.shape(case).replace(" ", "")
                ratios.setdefault((result["name"], case["weights"]), {})[
                    (case["m"], case["n"], case["k"])] = result.get("faster_than_fastest_peer")
    order = sorted(shapes, key=lambda s: (s[1] * s[2], s[0]))
    head = "<th></th>" + "".join(f"<th>{shapes[s]}</th>" for s in order)
    lines = [f"<tr><td>{escape(name)}, {weights}</td>" + "".join(verdict(found.get(s)) for s in order) + "</tr>"
             for (name, weights), found in ratios.items()]
    return f'<div style="overflow-x:auto"><table><tr>{head}</tr>\n' + "\n".join(lines) + "</table></div>"


def circumstances(data):
    peaks = data["peaks"]
    missing = data["missing_peers"]
    facts = [data["cpu"], drawing.threads(data["threads"]), data["started"], f"commit {data['commit']}",
             data["compiler"], f"load {data['load_before']} to {data['load_after']}",
             f"int8 {peaks['int8_gops']:.0f}, f32 {peaks['f32_gops']:.0f} Gop/s, DRAM {peaks['dram_gb_per_s']:.0f} GB/s",
             "beside " + ", ".join(peer.split(" NO_")[0] for peer in data["peers"])]
    if missing:
        facts.append("MISSING: " + ", ".join(missing))
    return escape(" · ".join(facts))


def build(data, pictures):
    """The page; pictures are names of files beside it."""
    figures = "\n".join(f'<figure><img src="{name}" alt="{escape(alt)}"></figure>' for name, alt in pictures)
    cases = "\n".join(case_table(case) for case in data["cases"])
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>QTL on the CPU</title><style>{STYLE}</style>
<h1>QTL on the CPU</h1>
<p class="circumstances">{circumstances(data)}</p>
{figures}
<h2>Whole layers, times as fast as the fastest peer of the same round</h2>
{summary_table(data)}
<h2>Every figure</h2>
<p>Medians of {data['samples']} samples; percentages are of what the machine could do at that moment.</p>
{cases}
</html>
"""
