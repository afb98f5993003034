"""The roofline: speed against arithmetic intensity, under the peaks that were measured in the same run."""

import math

import drawing
import results

WIDTH, HEIGHT = 940, 600


def is_drawn(case):
    """Cold weights, and products so large that it does not matter; small hot ones are fed by caches."""
    return case["weights"] == "cold" or case["m"] >= 128


def ranges(points, peaks):
    xs = [results.intensity(*point) for point in points]
    ys = [result["gops"] for _, result in points] + [peaks["int8_gops"], peaks["f32_gops"]]
    ys = [y for y in ys if y > 0]
    return (min(xs) / 1.6, max(xs) * 1.8), (min(ys) / 1.8, max(ys) * 1.9)


def draw_roofs(chart, peaks):
    low, high = chart.x_range
    bandwidth = peaks["dram_gb_per_s"]
    roofs = [("int8", peaks["int8_gops"], peaks["int8_loop"]), ("f32", peaks["f32_gops"], peaks["f32_loop"])]
    for name, peak, loop in roofs:
        if peak <= 0:
            continue
        knee = min(max(peak / bandwidth, low), high) if bandwidth > 0 else low
        chart.line([(knee, peak), (high, peak)], drawing.INK, 1.6, "" if name == "int8" else "6 4")
        chart.parts.append(drawing.text(chart.x(high) - 6, chart.y(peak) - 7, f"{name} peak, {peak:.0f} Gop/s ({loop})",
                                        12, anchor="end"))
    top = max(peaks["int8_gops"], peaks["f32_gops"])
    if bandwidth > 0 and top > 0:
        start = max(low, chart.y_range[0] / bandwidth)
        end = min(high, top / bandwidth)
        chart.line([(start, start * bandwidth), (end, end * bandwidth)], drawing.INK, 1.6)
        middle = (start * end)**0.5 * 0.8
        slope = (chart.y(start * bandwidth) - chart.y(end * bandwidth)) / (chart.x(end) - chart.x(start))
        angle = -57.29578 * math.atan(slope)
        chart.parts.append(drawing.text(chart.x(middle) - 6, chart.y(middle * bandwidth) - 9,
                                        f"DRAM read, {bandwidth:.0f} GB/s", 12, anchor="middle", turn=f"{angle:.1f}"))


def draw_legend(series, left, top):
    parts = []
    for row, (name, label, color, shape) in enumerate(series):
        y = top + 24 * row
        parts += [drawing.mark(shape, left, y, color, hollow=not name.startswith("qtl")),
                  drawing.text(left + 14, y + 4, label, 13)]
    return parts


def draw(data):
    """The picture, or None where nothing can be drawn."""
    series = results.drawn_series(data)
    drawn = {name: [p for p in results.points(data, name) if is_drawn(p[0])] for name, *_ in series}
    everything = [point for points in drawn.values() for point in points]
    if not everything:
        return None
    peaks = data["peaks"]
    chart = drawing.Chart(80, 60, WIDTH - 270, HEIGHT - 130, *ranges(everything, peaks))
    chart.axes(drawing.powers(*chart.x_range, 4), drawing.powers(*chart.y_range, 10, (1, 3)), "operations per byte moved",
               "Gop/s", f"Roofline: cold weights and large products, {drawing.threads(data['threads'])}")
    draw_roofs(chart, peaks)
    for name, _, color, shape in reversed(series):
        for case, result in drawn[name]:
            hint = f"{name}, {results.shape(case)}, {case['weights']}: {result['gops']:g} Gop/s"
            chart.point(shape, results.intensity(case, result), result["gops"], color, not name.startswith("qtl"), hint)
    return drawing.document(WIDTH, HEIGHT, "Roofline", chart.parts + draw_legend(series, WIDTH - 165, 80))
