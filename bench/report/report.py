"""Draws what ./dev bench --suite cpu wrote: report.py JSON FOLDER makes roofline.svg, latency.svg, index.html and tables.md."""

import sys
from pathlib import Path

import latency
import markdown
import page
import results
import roofline

PICTURES = [("roofline.svg", roofline, "Speed against operations per byte, under the measured peaks"),
            ("latency.svg", latency, "Time against the number of tokens")]


def main(source, folder):
    try:
        data = results.load(Path(source))
    except results.Unusable as problem:
        sys.exit(str(problem))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shown = []
    for name, picture, alt in PICTURES:
        drawn = picture.draw(data)
        if drawn is None:
            (folder / name).unlink(missing_ok=True)
            continue
        (folder / name).write_text(drawn)
        shown.append((name, alt))
    (folder / "index.html").write_text(page.build(data, shown))
    (folder / "tables.md").write_text(markdown.build(data))
    print(folder / "index.html")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
