"""Keeps things small: files, functions, template parameter lists and nesting."""

import re

import tree

FILE_LINES = 400
FUNCTION_LINES = 60
KERNEL_FILE_LINES = 600  # one kernel is one file, and its roles are told in one piece
KERNEL_FUNCTION_LINES = 120
TEMPLATE_PARAMETERS = 5
NESTING = 4
# 'file' or 'file:function' that may exceed a limit. This list only shrinks.
EXCEPTIONS = set()

BODY = re.compile(r"\)\s*(?:const|noexcept|override|&|->\s*[\w:<>,\s*&]+|:\s[^;{}]*(?:\{[^{}]*\}[^;{}]*)*)*\s*\{")
CONTROL = re.compile(r"\s*(?:\} *)?(?:if|for|while|switch|do|else)\b")
SPECIALIZATION = re.compile(r"\s*(?:requires\b[^;{]*?)?(?:struct|class)\s+\w+\s*<")
KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype", "requires"}


def callee(code, closing_parenthesis):
    """The word before the parenthesis that closes at the given position."""
    depth = 0
    for position in range(closing_parenthesis, -1, -1):
        depth += {")": 1, "(": -1}.get(code[position], 0)
        if depth == 0:
            words = re.findall(r"[\w\]]+", code[max(0, position - 80):position])
            return words[-1] if words else ""
    return ""


def functions(code):
    """(name, opening brace, closing brace) of every outermost function body."""
    position = 0
    while match := BODY.search(code, position):
        word = callee(code, match.start())
        opening = match.end() - 1
        if word in KEYWORDS or word.endswith("]"):
            position = match.end()
            continue
        closing = tree.matching(code, opening)
        yield word, opening, closing
        position = closing


def nesting(body):
    """The deepest control statement of a formatted body, told by indentation: braces are optional."""
    deepest, open_indents = 0, []
    for line in filter(str.strip, body.split("\n")):
        indent = len(line) - len(line.lstrip())
        while open_indents and open_indents[-1] >= indent:
            open_indents.pop()
        if CONTROL.match(line):
            open_indents.append(indent)
            deepest = max(deepest, len(open_indents))
    return deepest


def parameter_counts(code):
    """(line, count) of every template head; a partial specialization has what its primary gives it."""
    for match in re.finditer(r"\btemplate\s*<", code):
        closing = tree.matching(code, match.end() - 1, "<>")
        if SPECIALIZATION.match(code, closing + 1):
            continue
        parameters = code[match.end():closing]
        while (flat := re.sub(r"<[^<>]*>|\([^()]*\)", "", parameters)) != parameters:
            parameters = flat
        yield tree.line_of(code, match.start()), parameters.count(",") + 1


def limits(file):
    """The most lines of a file and of a function in it."""
    kernel = file.startswith("qtl/gpu/kernel/")
    return (KERNEL_FILE_LINES, KERNEL_FUNCTION_LINES) if kernel else (FILE_LINES, FUNCTION_LINES)


def check(path):
    text = path.read_text()
    code, file = tree.bare_code(text), tree.name(path)
    file_lines, function_lines = limits(file)
    if file not in EXCEPTIONS and text.count("\n") > file_lines:
        yield f"{file}: {text.count(chr(10))} lines, limit {file_lines}"
    for name, opening, closing in functions(code):
        body = code[opening + 1:closing]
        if f"{file}:{name}" in EXCEPTIONS:
            continue
        where = f"{file}:{tree.line_of(code, opening)}: {name}"
        if body.count("\n") > function_lines:
            yield f"{where}: {body.count(chr(10))} lines, limit {function_lines}"
        if nesting(body) > NESTING:
            yield f"{where}: {nesting(body)} levels deep, limit {NESTING}"
    for line, count in parameter_counts(code):
        if count > TEMPLATE_PARAMETERS:
            yield f"{file}:{line}: {count} template parameters, limit {TEMPLATE_PARAMETERS}"


def main():
    files = tree.every_header()
    tree.report("sizes, files", len(files), [problem for path in files for problem in check(path)])


main()
