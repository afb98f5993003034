"""What the checking scripts share: the files of the tree, C++ without its comments, the report."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
CUDA = ROOT / "cuda"

COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<raw>[^(]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)
DIGIT_SEPARATOR = re.compile(r"(?<=[0-9A-Fa-f])'(?=[0-9A-Fa-f])")
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def headers():
    """Every public header for any compiler, as paths, in order."""
    return sorted(INCLUDE.rglob("*.hpp"))


def gpu_headers():
    """Every public header of the GPU backend, as paths, in order."""
    return sorted(path for path in CUDA.rglob("*") if path.suffix in (".cuh", ".hpp"))


def every_header():
    """Every file that an include root holds, as paths, in order."""
    return sorted(path for root in (INCLUDE, CUDA) for path in root.rglob("*")
                  if path.suffix in (".hpp", ".inl", ".cuh"))


def name(path):
    """A file as people call it: relative to its include root or to the repository."""
    base = next((root for root in (INCLUDE, CUDA) if path.is_relative_to(root)), ROOT)
    return path.relative_to(base).as_posix()


def blank(match):
    """The matched text as spaces, so that lines and columns stay where they were."""
    text = match.group()
    if text[0] == '"':
        return '"' + " " * (len(text) - 2) + '"'
    return re.sub(r"[^\n]", " ", text)


def bare_code(text):
    """C++ without comments, directives and the insides of strings; the same lines and columns."""
    text = DIGIT_SEPARATOR.sub("_", text)
    return PREPROCESSOR.sub(blank, COMMENT_OR_STRING.sub(blank, text))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def matching(text, start, pair="{}"):
    """The position of the bracket that closes the one at `start`."""
    depth = 0
    for position in range(start, len(text)):
        if text[position] == pair[0]:
            depth += 1
        elif text[position] == pair[1]:
            depth -= 1
            if depth == 0:
                return position
    return len(text) - 1


def report(what, checked, problems):
    """Prints the offending items and a count; leaves with 1 where there is one."""
    for problem in problems:
        print(problem)
    print(f"{what}: {checked} checked, {len(problems)} failed")
    sys.exit(1 if problems else 0)
