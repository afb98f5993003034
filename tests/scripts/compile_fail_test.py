"""Good twin, bad twin: each tests/compile_fail/*.cpp compiles as it is, and with -DQTL_BAD fails
for the sentence after its `// EXPECT: `. `// FLAGS: ` adds to the command line. Arguments: the compilers."""

import re
import sys

import toolchain
import tree

EXPECT = re.compile(r"^// EXPECT: (.+)$", re.MULTILINE)
FLAGS = re.compile(r"^// FLAGS: (.+)$", re.MULTILINE)
# Twins that nvcc 13.0 refuses without their sentence: of a constrained function template it says only
# "failed deduction". They are compiled, and not counted as checked. This list only shrinks.
SILENT_WITH_NVCC = {
    "matrix_source": "quantize(x)",
    "not_storable": "safetensors_writer::add(name, value)",
    "parameters_per_channel": "quantize_with(x, p)",
    "requantized_output": "QLinear::run<P>(x, y, p, context)",
    "device_requantized_output": "QLinear::run<P>(x, y, p, context) on a device",
}


def one_line(text):
    """Compilers break and quote long lines each in their own way."""
    return " ".join(text.replace('\\"', '"').split())


def is_silent(job):
    compiler, path = job
    return toolchain.is_nvcc(compiler) and path.stem in SILENT_WITH_NVCC


def check(job):
    compiler, path = job
    source = path.read_text()
    expected = EXPECT.findall(source)
    flags = " ".join(FLAGS.findall(source)).split()
    where = f"{path.name} with {compiler}"
    if not expected or "#ifdef QTL_BAD" not in source:
        return [f"{where}: needs an '// EXPECT: ' line and an '#ifdef QTL_BAD' section"]
    good, output = toolchain.compile_file(compiler, path, *flags)
    if not good:
        return [f"{where}: the good twin does not compile\n{output}"]
    bad, output = toolchain.compile_file(compiler, path, *flags, "-DQTL_BAD")
    if bad:
        return [f"{where}: the bad twin compiles"]
    missing = [sentence for sentence in expected if one_line(sentence) not in one_line(output)]
    if is_silent(job):
        return [] if missing else [f"{where}: says its sentence now; take it off SILENT_WITH_NVCC"]
    return [f"{where}: does not say: {sentence}" for sentence in missing]


def main():
    compilers = sys.argv[1:] or ["g++"]
    twins = sorted((tree.ROOT / "tests/compile_fail").glob("*.cpp"))
    unknown = SILENT_WITH_NVCC.keys() - {path.stem for path in twins}
    jobs = [(compiler, path) for compiler in compilers for path in twins]
    problems = [f"{name}: in SILENT_WITH_NVCC, but no twin" for name in sorted(unknown)]
    problems += [problem for found in toolchain.each(check, jobs) for problem in found]
    silent = [job for job in jobs if is_silent(job)]
    for compiler, path in silent:
        print(f"not checked: {path.name} with {compiler}, silent on the constrained "
              f"{SILENT_WITH_NVCC[path.stem]}")
    tree.report("compile-fail twins", len(jobs) - len(silent), problems)


main()
