"""Every public name at namespace scope has `///` just above, and every concept says what satisfies it.

One `///` may head a run of declarations without a blank line between them. Overloads,
specializations and deduction guides follow the name that is documented in the same file.
"""

import re

import tree

NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b([\w:\s]*)\{")
SKIPPED = re.compile(r"using\s+namespace|static_assert|extern\s+template|template\s+(?:class|struct)\b|friend\b|QTL_(?:BEGIN|END)_TARGET")
SATISFIED = re.compile(r"[Ss]atisfied\s(?:/// )?(?:by|unless)\b")
FORWARD = re.compile(r"(?:enum\s+)?(?:struct|class)\s+\w+(?:\s*:\s*[\w:]+)?;$")
NAMED = re.compile(r"\b(?:concept|using|(?:enum\s+)?(?:class|struct)|union)\s+(?:\[\[\w+\]\]\s*)?(\w+)")
FUNCTION = re.compile(r"(operator\s*[^\s\w(]+|\w+)\s*\(")
VARIABLE = re.compile(r"(\w+)\s*(?:<[^=]*>)?\s*(?:=|;|\{|\[)")


def statements(code, start, end):
    """(begin, end) of each declaration in code[start:end], walking into every namespace but detail."""
    position = start
    while True:
        while position < end and (code[position].isspace() or code[position] in ";}"):
            position += 1
        if position >= end:
            return
        opening = NAMESPACE.match(code, position, end)
        if opening:
            closing = tree.matching(code, opening.end() - 1)
            if "detail" not in opening.group(1):
                yield from statements(code, opening.end(), closing)
            position = closing + 1
        else:
            begin, position = position, statement_end(code, position, end)
            yield begin, position


def statement_end(code, position, end):
    """After the ';' of a declaration, or after the '}' of a function body."""
    while position < end:
        character = code[position]
        if character in "({[":
            closing = tree.matching(code, position, {"(": "()", "{": "{}", "[": "[]"}[character])
            position = closing + 1
            following = code[position:end].lstrip()[:1]
            if character == "{" and following not in tuple(";,&|()=."):
                return position
        elif character == ";":
            return position + 1
        else:
            position += 1
    return end


def declared_name(declaration):
    """The name a declaration introduces, without its template head."""
    while declaration.startswith("template"):
        closing = tree.matching(declaration, declaration.index("<"), "<>")
        declaration = declaration[closing + 1:].lstrip()
    declaration = re.sub(r"^requires\b.*\n", "", declaration)
    found = [pattern.search(declaration) for pattern in (NAMED, FUNCTION, VARIABLE)]
    first = min((match for match in found if match), key=lambda match: match.start(), default=None)
    return first.group(1) if first else declaration.split("\n")[0]


def doc_above(lines, line):
    """The `///` block that ends just above line number `line`, or the `///<` on it, as one string."""
    block = re.findall(r"///<.*", lines[line - 1])
    while line > 1 and re.match(r"#\s*(?:if|elif|else)", lines[line - 2]):
        line -= 1  # one name, declared differently for each compiler
    while line > 1 and lines[line - 2].lstrip().startswith("//"):
        line -= 1
        block.insert(0, lines[line - 1].strip())
    return "\n".join(block) if any(text.startswith("///") for text in block) else ""


def check(path):
    """(declarations, problems) of one header."""
    text = path.read_text()
    lines, code = text.split("\n"), tree.bare_code(text)
    documented, undocumented, problems, count, previous = set(), {}, [], 0, (0, "")
    for begin, end in statements(code, 0, len(code)):
        declaration = code[begin:end]
        if SKIPPED.match(declaration) or FORWARD.match(declaration):
            continue
        count += 1
        first, last = tree.line_of(code, begin), tree.line_of(code, end - 1)
        doc = doc_above(lines, first) or (previous[1] if previous[0] + 1 == first else "")
        previous = (last, doc)
        name = declared_name(declaration)
        where = f"{tree.name(path)}:{first}: {name}"
        if not doc:
            undocumented.setdefault(name, where)
            continue
        documented.add(name)
        if re.search(r"\bconcept\s+" + re.escape(name), declaration) and not SATISFIED.search(doc):
            problems.append(f"{where}: the concept does not say 'Satisfied by'")
    problems += [f"{where}: no ///" for name, where in undocumented.items() if name not in documented]
    return count, problems


def main():
    results = [check(path) for path in tree.headers() + tree.gpu_headers()]
    tree.report("doc coverage, names", sum(count for count, _ in results),
                [problem for _, problems in results for problem in problems])


main()
