"""Latency against the batch m, for one layer: weights from DRAM on the left, from the caches on the right."""

from collections import Counter

import drawing
import results

WIDTH, HEIGHT = 1100, 560
PANEL = 350


def best_layer(data):
    """The (n, k) that was measured at most batches."""
    seen = {(case["m"], case["n"], case["k"]) for case in data["cases"]}
    return Counter((n, k) for _, n, k in seen).most_common(1)[0][0]


def curve(data, name, layer, weights):
    """(m, µs) in order of m."""
    return sorted((case["m"], result["us"]) for case, result in results.points(data, name)
                  if (case["n"], case["k"]) == layer and case["weights"] == weights)


def draw_panel(chart, curves):
    labels = []
    for (name, label, color, shape), points in curves:
        hollow = not name.startswith("qtl")
        chart.line(points, color, 1.6 if hollow else 2.6)
        for m, us in points:
            chart.point(shape, m, us, color, hollow, f"{name}, m = {m}: {us:g} µs")
        labels.append((label, color, points[-1]))
    heights = drawing.spread([chart.y(end[1]) for _, _, end in labels], 17)
    for (label, color, end), y in zip(labels, heights):
        x = chart.x(end[0]) + 10
        chart.parts.append(drawing.text(x, y + 4, label, 12, color, weight=600 if label.startswith("QTL") else 400))


def draw(data):
    """The picture, or None where nothing can be drawn."""
    layer = best_layer(data)
    series = results.drawn_series(data)
    panels = {weights: [(s, curve(data, s[0], layer, weights)) for s in series] for weights in ("cold", "hot")}
    panels = {weights: [(s, points) for s, points in curves if points] for weights, curves in panels.items()}
    everything = [point for curves in panels.values() for _, points in curves for point in points]
    if not everything:
        return None
    times = [us for _, us in everything]
    parts = [drawing.text(80, 34, f"Time of one layer, n = {layer[0]}, k = {layer[1]}, {drawing.threads(data['threads'])}", 17, weight=600)]
    titles = {"cold": "weights from DRAM", "hot": "the same weights again"}
    for column, (weights, curves) in enumerate(panels.items()):
        batches = sorted({m for _, points in curves for m, _ in points}) or [1]
        chart = drawing.Chart(80 + column * 530, 90, PANEL, HEIGHT - 170, (batches[0] / 1.15, batches[-1] * 1.15),
                              (min(times) / 1.5, max(times) * 1.5))
        chart.axes(batches, drawing.powers(*chart.y_range, 10, (1, 3)), "m, tokens at once", "µs", titles[weights])
        draw_panel(chart, curves)
        parts += chart.parts
    return drawing.document(WIDTH, HEIGHT, "Latency against m", parts)
