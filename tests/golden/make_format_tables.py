#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/*_tables.hpp: the value of every code of every format of at most 8 bits.

The values come from the published layouts, in exact fractions; nothing here knows the library's
algorithm. Codebooks are not here: their tables are typed by hand in codebook_tables.hpp.

  make_format_tables.py            rewrite the headers
  make_format_tables.py --check    fail where a header, or the table in docs/formats.md, differs
"""

import re
import struct
import sys
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs" / "formats.md"

# name: (exponent bits, mantissa bits, bias, what the top codes mean)
FLOATS = {
    "e4m3": (4, 3, 7, "fn"),
    "e5m2": (5, 2, 15, "ieee"),
    "e4m3fnuz": (4, 3, 8, "fnuz"),
    "e5m2fnuz": (5, 2, 16, "fnuz"),
    "e3m4": (3, 4, 3, "ieee"),
    "e2m3": (2, 3, 1, "finite"),
    "e3m2": (3, 2, 3, "finite"),
    "e2m1": (2, 1, 1, "finite"),
}
WIDE_FLOATS = {
    "f16": (5, 10, 15, "ieee"),
    "bf16": (8, 7, 127, "ieee"),
    "f32": (8, 23, 127, "ieee"),
}
INTEGERS = {f"{'s' if s else 'u'}{b}": (b, s) for s in (True, False) for b in range(1, 9)}


def power(exponent):
    return Fraction(2) ** exponent


def float_value(code, layout):
    """The value of a code: a Fraction, or one of the words nan, inf, -inf, -0."""
    e_bits, m_bits, bias, specials = layout
    exponent = code >> m_bits & (1 << e_bits) - 1
    mantissa = code & (1 << m_bits) - 1
    negative = code >> (e_bits + m_bits) == 1
    top = exponent == (1 << e_bits) - 1
    if specials == "ieee" and top:
        return "nan" if mantissa else "-inf" if negative else "inf"
    if specials == "fn" and top and mantissa == (1 << m_bits) - 1:
        return "nan"
    if specials == "fnuz" and negative and exponent == 0 and mantissa == 0:
        return "nan"
    if exponent == 0:
        value = power(1 - bias) * Fraction(mantissa, 1 << m_bits)
    else:
        value = power(exponent - bias) * (1 + Fraction(mantissa, 1 << m_bits))
    if negative and value == 0:
        return "-0"
    return -value if negative else value


def limits(layout):
    """(largest finite, smallest normal, smallest) of a float format."""
    e_bits, m_bits, bias, _ = layout
    if e_bits + m_bits > 15:  # walking every code would take a while
        return (power(127) * (2 - power(-m_bits)), power(1 - bias), power(1 - bias - m_bits))
    values = [float_value(c, layout) for c in range(1 << (e_bits + m_bits))]
    finite = [v for v in values if isinstance(v, Fraction)]
    return max(finite), power(1 - bias), min(v for v in finite if v > 0)


def literal(value):
    """A C++ literal that is exactly the value."""
    words = {"nan": "nan", "inf": "inf", "-inf": "-inf", "-0": "-0.0f"}
    if isinstance(value, str):
        return words[value]
    as_float = struct.unpack("<f", struct.pack("<f", float(value)))[0]
    assert Fraction(as_float) == value, value  # every value must be exact in f32
    text = repr(float(value))
    if Fraction(text) != value or len(text) > 9:
        text = float(value).hex().replace("0x1.0000000000000p", "0x1p")
        text = re.sub(r"0+p", "p", text)
    return text + "f"


def table(name, comment, values):
    """One array, eight codes a line, each line led by its first code."""
    lines = [f"// {comment}", f"inline constexpr float {name}[] = {{"]
    for first in range(0, len(values), 8):
        row = ", ".join(literal(v) for v in values[first : first + 8])
        lines.append(f"    /* 0x{first:02X} */ {row},")
    return "\n".join(lines + ["};", ""])


def header(file_name, title, tables):
    """A whole header as text."""
    return "\n".join(
        [
            "// SPDX-License-Identifier: Apache-2.0",
            f"// tests/golden/{file_name} - {title}",
            "// Written by make_format_tables.py from the published layouts; do not edit by hand.",
            "// clang-format off",
            "#pragma once",
            "",
            '#include "words.hpp"',
            "",
            "namespace golden {",
            "",
            "\n".join(tables),
            "}  // namespace golden",
            "",
        ]
    )


def float_tables(names):
    tables = []
    for name in names:
        e, m, bias, specials = FLOATS[name]
        values = [float_value(c, FLOATS[name]) for c in range(1 << (1 + e + m))]
        tables.append(table(name, f"1/{e}/{m} bits, bias {bias}, top codes: {specials}", values))
    return tables


def integer_tables():
    tables = []
    for name, (bits, signed) in INTEGERS.items():
        values = [c - (1 << bits) if signed and c >> (bits - 1) else c for c in range(1 << bits)]
        kind = "two's complement" if signed else "unsigned"
        tables.append(table(name, f"{bits} bits, {kind}", [Fraction(v) for v in values]))
    return tables


def scale_tables():
    s2f6 = [Fraction(c - 256 if c >= 128 else c, 64) for c in range(256)]
    e8m0 = [power(c - 127) for c in range(255)] + ["nan"]
    return [table("s2f6", "two's complement, in 64ths", s2f6), table("e8m0", "2^(code - 127)", e8m0)]


def headers():
    eight = [n for n in FLOATS if FLOATS[n][0] + FLOATS[n][1] == 7]
    small = [n for n in FLOATS if n not in eight]
    contents = {
        "float8_tables.hpp": ("every code of the 8-bit floats", float_tables(eight)),
        "float_small_tables.hpp": ("every code of the 6- and 4-bit floats", float_tables(small)),
        "integer_tables.hpp": ("every code of the integers", integer_tables()),
        "scale_tables.hpp": ("every code of s2f6 and e8m0", scale_tables()),
    }
    return {name: header(name, *content) for name, content in contents.items()}


def number(cell):
    """What a cell of docs/formats.md says: a decimal, a power of two, or a sum `(2 - 2^-7) * 2^127`."""
    cell = cell.replace("`", "").strip()
    product = re.fullmatch(r"\(2 - 2\^(-?\d+)\) · 2\^(-?\d+)", cell)
    if product:
        return (2 - power(int(product[1]))) * power(int(product[2]))
    exponent = re.fullmatch(r"2\^(-?\d+)", cell)
    return power(int(exponent[1])) if exponent else Fraction(cell)


def docs_faults():
    """Sentences about rows of the table in docs/formats.md that disagree with the layouts."""
    rows = {}
    for line in DOCS.read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 8:
            rows[cells[0].strip("`")] = cells
    faults = []
    for name, layout in {**FLOATS, **WIDE_FLOATS}.items():
        if name not in rows:
            faults.append(f"{name} has no row")
            continue
        _, bits, shape, bias, largest, normal, smallest, _ = rows[name]
        e, m, b, _ = layout
        said = (int(bits), shape, int(bias), number(largest), number(normal), number(smallest))
        true = (1 + e + m, f"1/{e}/{m}", b, *limits(layout))
        if said != true:
            faults.append(f"{name} says {said}, is {true}")
    return faults


def main():
    check = "--check" in sys.argv[1:]
    faults = docs_faults() if check else []
    for name, text in headers().items():
        path = HERE / name
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            faults.append(f"{path} is not what this script writes")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
