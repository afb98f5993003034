#!/usr/bin/env python3
"""Writes cuda/qtl/gpu/ptx/wgmma_{s32,f32}_{shared,registers}.cuh; with --check, says whether they are as it writes them.

An asm statement names each of its registers, so the statement for every n is spelled out: for s32 and f32
accumulators, with A from shared memory and with A from registers. All else about wgmma is written by hand in wgmma.cuh.
To add an n: put it into COLUMNS (a multiple of 8; for integers one of the 18 that PTX accepts) and run the script.
"""

import pathlib
import sys

COLUMNS = [8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256]
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "qtl/gpu/ptx"
WIDTH = 100

HEAD = """\
// SPDX-License-Identifier: Apache-2.0
// qtl/gpu/ptx/{file} - wgmma.mma_async: {accumulator} accumulators, A from {source}.
// Written by cuda/generate/wgmma.py: change the script, not this file. Callers use wgmma.cuh.
#pragma once

#include <cstdint>

#include "qtl/gpu/ptx/wgmma_types.cuh"

// clang-format off
namespace qtl::inline v0::gpu::ptx {{
"""

FUNCTION = """
/// n = {n}.
template<class A, class B>
QTL_DEVICE void wgmma_asm({type} (&d)[{registers}], {a_parameter},
                          std::uint64_t b, int accumulate) {{
  asm volatile(
      "{{ .reg .pred p; setp.ne.b32 p, %{accumulate}, 0;\\n"
      "{mnemonic}\\n"
{register_names}
      "{operands}; }}"
{outputs}
      : {inputs});
}}
"""


def wrapped(items, indent, first="", quote=False):
    """Items joined by commas in lines of at most WIDTH columns; as string literals where quoted."""
    lines, line = [], first
    closing = " \"" if quote else ""
    for position, item in enumerate(items):
        word = item + ("," if position + 1 < len(items) else "")
        if len(indent) + len(line) + len(word) + 2 + len(closing) > WIDTH:
            lines.append(indent + (f'"{line.strip()} "' if quote else line.rstrip()))
            line = "" if quote else "  "
        line += word + " "
    lines.append(indent + (f'"{line.strip()}\\n"' if quote else line.rstrip()))
    return "\n".join(lines)


def function(accumulator, n, a_in_registers):
    """One asm statement: d[0 .. n/2) is lane's part of a 64 x n tile, whatever the operands' types."""
    count = n // 2
    is_integer = accumulator == "s32"
    a_names = [f"%{count + i}" for i in range(4 if a_in_registers else 1)]
    b = count + len(a_names)
    accumulate, types = b + 1, b + 2
    shape = "k32" if is_integer else f"%{types + 2}"
    tail = "" if is_integer else f"%{types + 3}"
    a_operand = "{" + ", ".join(a_names) + "}" if a_in_registers else a_names[0]
    a_values = [f'"r"(a[{i}])' for i in range(4)] if a_in_registers else ['"l"(a)']
    names = ['"C"(spelling<A>::text)', '"C"(spelling<B>::text)']
    if not is_integer:
        names += ['"C"(wgmma_text<A>::shape)', f'"C"(wgmma_text<A>::tail_{"rs" if a_in_registers else "ss"})']
    letter = "r" if is_integer else "f"
    inputs = a_values + ['"l"(b)', '"r"(accumulate)'] + names
    return FUNCTION.format(
        n=n,
        type="std::int32_t" if is_integer else "float",
        registers=count,
        a_parameter="const std::uint32_t (&a)[4]" if a_in_registers else "std::uint64_t a",
        accumulate=accumulate,
        mnemonic=f"wgmma.mma_async.sync.aligned.m64n{n}{shape}.{accumulator}.%{types}.%{types + 1}",
        register_names=wrapped([f"%{i}" for i in range(count)], "      ", "{", quote=True)
        .removesuffix('\\n"') + '},\\n"',
        operands=f"{a_operand}, %{b}, p{tail}",
        outputs=wrapped([f'"+{letter}"(d[{i}])' for i in range(count)], "      ", ": "),
        inputs=wrapped(inputs, "        ").strip(),
    )


def header(accumulator, source):
    file = f"wgmma_{accumulator}_{source}.cuh"
    text = HEAD.format(file=file, accumulator=accumulator, source=f"{source} memory" if source == "shared" else source)
    text += "".join(function(accumulator, n, source == "registers") for n in COLUMNS)
    return FOLDER / file, text + "\n}  // namespace qtl::inline v0::gpu::ptx\n"


def main():
    stale = 0
    for path, text in (header(a, s) for a in ("s32", "f32") for s in ("shared", "registers")):
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            print(f"{path.name}: differs from what cuda/generate/wgmma.py writes; run the script")
            stale += 1
    sys.exit(1 if stale else 0)


main()
