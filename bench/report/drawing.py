"""Charts on two logarithmic axes, as SVG text: frame, ticks, lines, marks, labels that keep out of each other's way."""

import math
from html import escape

INK, FAINT, PAPER = "#1f2937", "#e5e7eb", "#ffffff"
FONT = "font-family=\"Inter, 'DejaVu Sans', sans-serif\""


def powers(low, high, base, steps=(1,)):
    """The powers of base within [low, high], and their multiples by steps."""
    first, last = math.floor(math.log(low, base)), math.ceil(math.log(high, base))
    ticks = (step * base**exponent for exponent in range(first, last + 1) for step in steps)
    return [tick for tick in ticks if low <= tick <= high]


def figure(value):
    """A number as short as it can be told."""
    return f"{value:g}" if value < 1e4 else f"{value / 1e3:g}k"


def threads(count):
    return "1 thread" if count == 1 else f"{count} threads"


def text(x, y, words, size=13, color=INK, anchor="start", weight=400, turn=None):
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}" text-anchor="{anchor}" '
            f'font-weight="{weight}"{turned}>{escape(words)}</text>')


def mark(shape, x, y, color, size=5.0, hollow=False):
    """A point: filled for us, hollow for others."""
    fill, width = (PAPER, 1.8) if hollow else (color, 1)
    edge = color if hollow else PAPER
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{fill}" stroke="{edge}" stroke-width="{width}"/>'
    corners = {"square": [(-.9, -.9), (.9, -.9), (.9, .9), (-.9, .9)],
               "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
               "triangle": [(0, -1.2), (1.15, .9), (-1.15, .9)]}[shape]
    points = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{fill}" stroke="{edge}" stroke-width="{width}"/>'


def spread(positions, gap):
    """Positions moved apart to at least gap, in the order and near the places they had."""
    order = sorted(range(len(positions)), key=positions.__getitem__)
    placed = list(positions)
    for _ in range(200):
        moved = False
        for below, above in zip(order, order[1:]):
            overlap = gap - (placed[above] - placed[below])
            if overlap > 0.01:
                placed[below] -= overlap / 2
                placed[above] += overlap / 2
                moved = True
        if not moved:
            break
    return placed


class Chart:
    """A frame at (left, top) with logarithmic axes over x and y ranges."""

    def __init__(self, left, top, width, height, x_range, y_range):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.x_range, self.y_range = x_range, y_range
        self.parts = []

    def x(self, value):
        low, high = (math.log(v) for v in self.x_range)
        return self.left + self.width * (math.log(value) - low) / (high - low)

    def y(self, value):
        low, high = (math.log(v) for v in self.y_range)
        return self.top + self.height * (1 - (math.log(value) - low) / (high - low))

    def axes(self, x_ticks, y_ticks, x_title, y_title, title):
        right, bottom = self.left + self.width, self.top + self.height
        for tick in x_ticks:
            x = self.x(tick)
            self.parts += [f'<path d="M{x:.1f} {self.top}V{bottom}" stroke="{FAINT}"/>',
                           text(x, bottom + 20, figure(tick), 12, anchor="middle")]
        for tick in y_ticks:
            y = self.y(tick)
            self.parts += [f'<path d="M{self.left} {y:.1f}H{right}" stroke="{FAINT}"/>',
                           text(self.left - 8, y + 4, figure(tick), 12, anchor="end")]
        self.parts += [text(self.left + self.width / 2, bottom + 42, x_title, anchor="middle"),
                       text(self.left - 48, self.top + self.height / 2, y_title, anchor="middle", turn=-90),
                       text(self.left, self.top - 14, title, 15, weight=600)]

    def line(self, points, color, width=2.0, dash=""):
        path = "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="{width}" '
                          f'stroke-linejoin="round"{dashed}/>')

    def point(self, shape, x, y, color, hollow=False, hint=""):
        hint = f"<title>{escape(hint)}</title>" if hint else ""
        self.parts.append(f"<g>{hint}{mark(shape, self.x(x), self.y(y), color, hollow=hollow)}</g>")


def document(width, height, title, parts):
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" {FONT} role="img">\n<title>{escape(title)}</title>\n'
            f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>\n{body}\n</svg>\n')
