"""Code that a page quotes is the code that is compiled.

In docs: `<!-- quote: FILE MARK -->` above a fenced block. In FILE: the lines from `// [doc:MARK]` to `// [doc]`.
"""

import re

import tree

QUOTE = re.compile(r"<!-- quote: (\S+) (\S+) -->\n```\w*\n(.*?)```", re.DOTALL)


def marked(path, mark):
    """The lines between the marks in a source file, or None."""
    found = re.search(rf"^// \[doc:{re.escape(mark)}\]\n(.*?)^// \[doc\]$", path.read_text(), re.DOTALL | re.MULTILINE)
    return found and found.group(1)


def main():
    checked, problems = 0, []
    for page in sorted((tree.ROOT / "docs").rglob("*.md")):
        text = page.read_text()
        quotes = QUOTE.findall(text)
        checked += len(quotes)
        if len(quotes) != text.count("<!-- quote:"):
            problems.append(f"{tree.name(page)}: a quote mark without a fenced block below it")
        for file, mark, block in quotes:
            source = tree.ROOT / file
            if not source.exists() or marked(source, mark) != block:
                problems.append(f"{tree.name(page)}: differs from {file} [{mark}]")
    tree.report("documentation quotes", checked, problems)


main()
