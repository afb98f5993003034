#!/usr/bin/env python3
"""Draws what gpu_bench measured beside its fastest peer: ratios against m, and shape by shape. Standard library only.

    plot.py RESULTS.json FOLDER     writes FOLDER/ratio_by_m.svg and FOLDER/ratio_by_shape.svg
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "report"))

import drawing  # noqa: E402
import figures  # noqa: E402

COLORS = ["#2563eb", "#059669", "#d97706", "#7c3aed", "#be185d", "#0891b2", "#65a30d", "#64748b", "#b91c1c", "#1f2937"]
EVEN = "#b91c1c"
RATIOS = (1, 1.2, 1.5, 2, 3, 5, 7)


def measured(data):
    """(case, ratio, peer) of every product that was timed beside a peer."""
    rows = [(case, figures.fastest_ratio(case)) for case in data["cases"] if case["n"]]
    return [(case, *found) for case, found in rows if found]


def colors(rows):
    families = sorted({case["family"] for case, *_ in rows})
    return {family: COLORS[i % len(COLORS)] for i, family in enumerate(families)}


def ratio_range(rows):
    values = [value for _, value, _ in rows]
    return min(0.8, min(values) / 1.1), max(1.25, max(values) * 1.1)


def hint(case, value, peer):
    return f"{case['family']} {figures.shape(case)} {case['model']}: {value:.2f} times as fast as {peer}".replace("  ", " ")


def title(data):
    return f"{data['device']}: how many times as fast as the fastest peer, steady"


def by_m(data, rows):
    """One line for each family: the geometric mean over the layers of language models, and a point for each."""
    layers = [row for row in rows if figures.is_llama(row[0])]
    if not layers:
        return None
    tokens = sorted({case["m"] for case, *_ in layers})
    chart = drawing.Chart(90, 90, 760, 420, (tokens[0] / 1.2, tokens[-1] * 1.2), ratio_range(layers))
    chart.axes(tokens, drawing.powers(*chart.y_range, 10, RATIOS), "m, tokens at once", "times as fast",
               "Llama 8B and 70B layers: geometric means, and every layer as a point")
    chart.line([(chart.x_range[0], 1), (chart.x_range[1], 1)], EVEN, 1.2, "5 4")
    ends = []
    for family, color in colors(layers).items():
        mine = [row for row in layers if row[0]["family"] == family]
        means = [(m, figures.geometric_mean([value for case, value, _ in mine if case["m"] == m]))
                 for m in sorted({case["m"] for case, *_ in mine})]
        chart.line(means, color, 2.6)
        for case, value, peer in mine:
            chart.point("circle", case["m"], value, color, hollow=True, hint=hint(case, value, peer))
        ends.append((family, color, means[-1]))
    heights = drawing.spread([chart.y(end[1]) for *_, end in ends], 17)
    chart.parts += [drawing.text(chart.x(end[0]) + 12, y + 4, family, 12, color, weight=600)
                    for (family, color, end), y in zip(ends, heights)]
    return drawing.document(1020, 580, title(data), [drawing.text(90, 40, title(data), 17, weight=600), *chart.parts])


def by_shape(data, rows):
    """A row for each shape, a point for each family."""
    shapes = sorted({(case["model"], *figures.extents(case)) for case, *_ in rows}, key=lambda s: (s[2] * s[3], s))
    height = 20 * len(shapes)
    chart = drawing.Chart(330, 90, 520, height, ratio_range(rows), (1, 2))
    palette = colors(rows)
    ticks = drawing.powers(*chart.x_range, 10, RATIOS)
    parts = [drawing.text(90, 40, title(data), 17, weight=600)]
    for tick in [*ticks]:
        x, color = chart.x(tick), EVEN if tick == 1 else drawing.FAINT
        parts += [f'<path d="M{x:.1f} 90V{90 + height}" stroke="{color}"/>',
                  drawing.text(x, 90 + height + 20, drawing.figure(tick), 12, anchor="middle")]
    for i, place in enumerate(shapes):
        y = 100 + 20 * i
        model, *extents = place
        name = f"{model} {'×'.join(map(str, extents))}".strip()
        parts += [drawing.text(318, y + 4, name, 12, anchor="end"),
                  f'<path d="M330 {y}H850" stroke="{drawing.FAINT}"/>']
        for case, value, peer in rows:
            if (case["model"], *figures.extents(case)) == place:
                parts.append(f"<g><title>{drawing.escape(hint(case, value, peer))}</title>"
                             f"{drawing.mark('circle', chart.x(value), y, palette[case['family']])}</g>")
    for i, (family, color) in enumerate(palette.items()):
        parts += [drawing.mark("circle", 880, 100 + 20 * i, color), drawing.text(892, 104 + 20 * i, family, 12, color)]
    return drawing.document(1020, height + 150, title(data), parts)


def draw(data, folder):
    """Writes the pictures that the results allow; their names."""
    rows = measured(data)
    pictures = {"ratio_by_m.svg": by_m(data, rows), "ratio_by_shape.svg": by_shape(data, rows)} if rows else {}
    drawn = {name: text for name, text in pictures.items() if text}
    for name, text in drawn.items():
        (folder / name).write_text(text)
    return list(drawn)


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[2])
    try:
        data = figures.load(Path(sys.argv[1]))
        folder.mkdir(parents=True, exist_ok=True)
        names = draw(data, folder)
    except (figures.Unusable, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(str(folder / name) for name in names) or "nothing to draw: no product was timed beside a peer")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
