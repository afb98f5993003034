"""Compiles every tests/gpu/compile/*.cu with nvcc for the targets it names, and reads what came out. No GPU needed.

The comment at the head of a .cu file says what to compile and what to find, once or for several groups of targets:
    // targets: 80 89; expects: mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32,
    // cp.async.cg.shared.global; targets: 90a; expects: wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8
    // refused: 89; because: wgmma needs sm_90a. Then free text.
`expects:` may be left out; a comma means that another instruction follows. For a target that is refused the compiler
must fail and say the sentence up to the full stop.
An expected instruction is the beginning of one, as PTX spells it. A file fails for a target if nvcc
warns, a kernel spills registers, ptxas serializes wgmma (C75xx), it takes more than a minute of one processor, the PTX
lacks an expected instruction, or, where nvdisasm is found, the machine code lacks the tensor-core
operation that it should become, or what machine_code.py tells of.
Every kernel is compiled for every target that it is for; what only differs from it in number formats stands in the files
behind QTL_ALL_FORMATS, and is compiled for a file's first target unless --all-formats asks for the rest.
    gpu_compile.py [--nvcc PATH] [--nvdisasm PATH] [--targets 80,90a] [--all-formats] [--brief] [FILE or word of its name ...]
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import machine_code
import toolchain
import tree

SOURCES = tree.ROOT / "tests/gpu/compile"
FLAGS = ["-std=c++20", "-Werror", "all-warnings", "-Xptxas", "-v",
         f"-I{tree.INCLUDE}", f"-I{tree.ROOT / 'cuda'}", f"-I{tree.ROOT / 'tests'}"]
SECONDS = 60

CLAUSE = re.compile(r"targets:\s*([\w ]+?)\s*(?:;\s*expects:\s*([\w.:]+(?:\s*,\s*[\w.:]+)*)|;|$)")
REFUSAL = re.compile(r"refused:\s*([\w ]+?)\s*;\s*because:\s*([^.]+)\.")
ENTRY = re.compile(r"Compiling entry function '(\S+)' for '(\w+)'")
PROPERTIES = re.compile(r"Function properties for (\S+)")
STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")
SERIALIZED = re.compile(r"^.*\(C75\d\d\).*$", re.MULTILINE)


@dataclass
class Kernel:
    name: str
    registers: int = 0
    shared: int = 0
    stack: int = 0
    spilled: int = 0


@dataclass
class Job:
    path: Path
    target: str
    expects: list
    code: list = field(default_factory=list)
    refusal: str = ""
    with_host: bool = False
    all_formats: bool = False
    seconds: float = 0.0
    kernels: list = field(default_factory=list)
    problems: list = field(default_factory=list)

    @property
    def label(self):
        return f"{self.path.name} sm_{self.target}"


def head_comment(path):
    """The text of the comment lines that a file begins with."""
    lines = []
    for line in path.read_text().splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").strip())
    return " ".join(lines)


def jobs_of(path, wanted, all_formats=False):
    """One job for each target that the head of the file names."""
    head, jobs = head_comment(path), []
    for targets, expects in CLAUSE.findall(head):
        instructions = [word.strip() for word in expects.split(",") if word.strip()]
        jobs += [Job(path, target, instructions, machine_code.expected(head, target)) for target in targets.split()]
    for targets, sentence in REFUSAL.findall(head):
        jobs += [Job(path, target, [], [], sentence) for target in targets.split()]
    jobs = [job for job in jobs if not wanted or job.target in wanted]
    for job in jobs[:1]:
        job.with_host = True  # looking at the host's part once is enough
    for number, job in enumerate(jobs):
        job.all_formats = all_formats or number == 0
    return jobs


def read_kernels(output):
    """What ptxas -v says of every kernel. Functions that are called and not inlined count as kernels."""
    kernels = {}
    current = None
    for line in output.splitlines():
        if match := ENTRY.search(line) or PROPERTIES.search(line):
            current = kernels.setdefault(match.group(1), Kernel(match.group(1)))
        if current is None:
            continue
        if match := STACK.search(line):
            current.stack, current.spilled = int(match.group(1)), int(match.group(2)) + int(match.group(3))
        if match := USED.search(line):
            current.registers = int(match.group(1))
            shared = SHARED.search(line)
            current.shared = int(shared.group(1)) if shared else 0
    return list(kernels.values())


def machine_operation(instruction, target):
    """The operation that a tensor-core instruction should be on a target, or None for all others."""
    types = instruction.split(".")
    if instruction.startswith("mma."):
        if "s32" in types:
            return "IMMA"
        if {"e4m3", "e5m2"} & set(types):  # Hopper and Blackwell's data-centre parts have no such unit
            return "QMMA" if target in ("89", "120a") else "HMMA"
        return "HMMA"
    if instruction.startswith("wgmma.mma_async."):
        return "IGMMA" if "s32" in types else "QGMMA" if {"e4m3", "e5m2"} & set(types) else "HGMMA"
    return None


def check_code(job, folder, nvdisasm):
    """Looks for the expected instructions in the PTX, and for their operations in the machine code."""
    ptx = "\n".join(path.read_text() for path in sorted(folder.glob("*.ptx")))
    job.problems += [f"{job.label}: the PTX has no {instruction}" for instruction in job.expects
                     if not re.search(rf"(?<![\w.]){re.escape(instruction)}(?!\w)", ptx)]
    if not nvdisasm:
        return
    code = machine_code.read(nvdisasm, folder.glob("*.cubin"))
    operations = {machine_operation(instruction, job.target) for instruction in job.expects} - {None}
    names = [kernel.name for kernel in job.kernels]
    job.problems += [f"{job.label}: {problem}"
                     for problem in machine_code.problems(code, names, operations, job.code)]


def timed(command):
    """(succeeded, what it printed, seconds of processor time): those do not depend on what else runs here."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return process.returncode == 0, output.read(), usage.ru_utime + usage.ru_stime


def compile_job(job, nvcc, nvdisasm):
    """Compiles one file for one target and looks at all that came out."""
    with tempfile.TemporaryDirectory() as folder:
        target = f"-gencode=arch=compute_{job.target},code=sm_{job.target}"
        kind = "-c" if job.with_host else "-cubin"
        command = [nvcc, *FLAGS, f"-DQTL_ALL_FORMATS={int(job.all_formats)}", target, "-keep", "-keep-dir", folder, kind, "-o",
                   f"{folder}/output" + (".o" if job.with_host else ".cubin"), str(job.path)]
        succeeded, output, job.seconds = timed(command)
        if job.refusal:
            if succeeded or job.refusal not in " ".join(output.split()):
                job.problems.append(f"{job.label}: is not refused for: {job.refusal}")
            return
        if not succeeded:
            job.problems.append(f"{job.label}: does not compile\n{output}")
            return
        job.kernels = read_kernels(output)
        check_code(job, Path(folder), nvdisasm)
    job.problems += [f"{job.label}: {line.strip()}" for line in SERIALIZED.findall(output)]
    job.problems += [f"{job.label}: {kernel.spilled} bytes spilled in {kernel.name}"
                     for kernel in job.kernels if kernel.spilled]
    if job.seconds > SECONDS:
        job.problems.append(f"{job.label}: {job.seconds:.0f} s, limit {SECONDS} s")


def format_name(match):
    """f16 or e4m3 of the two numbers that minifloat begins with."""
    exponent, mantissa = match.groups()
    return {"5 10": "f16", "8 7": "bf16"}.get(f"{exponent} {mantissa}", f"e{exponent}m{mantissa}")


def short(name):
    """A kernel's name as people write it."""
    name = re.sub(r"void run_kernel<(.*)>\(.*\)", r"\1", re.sub(r"qtl::v0::(?:gpu::)?|\(anonymous namespace\)::", "", name))
    name = re.sub(r"minifloat<(\d+), (\d+)[^<>]*>", format_name, name)
    name = re.sub(r"integer<(\d), (true|false)>", lambda m: ("s" if m.group(2) == "true" else "u") + m.group(1), name)
    name = name.replace("> >", ">>").strip()
    return name if len(name) <= 120 else name[:117] + "..."


def readable(names):
    """Names as C++ spells them, where c++filt is there to tell."""
    if not shutil.which("c++filt") or not names:
        return dict(zip(names, names))
    done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True)
    return dict(zip(names, map(short, done.stdout.splitlines())))


def print_job(job, brief):
    if job.refusal:
        print(f"{job.label}: to be refused, {job.seconds:.1f} s")
        return
    most = max((kernel.registers for kernel in job.kernels), default=0)
    print(f"{job.label}: {len(job.kernels)} kernels, at most {most} registers, {job.seconds:.1f} s")
    names = {} if brief else readable([kernel.name for kernel in job.kernels])
    for kernel in () if brief else job.kernels:
        print(f"  {kernel.registers:4} registers {kernel.shared:7} bytes shared {kernel.stack:5} bytes stack  "
              f"{names[kernel.name]}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="files, or words of their names; all without")
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--nvdisasm", default=None, help="found beside nvcc or in the path unless told")
    parser.add_argument("--targets", default="", help="only these, as in 80,90a")
    parser.add_argument("--all-formats", action="store_true", help="for every target, not for the first alone")
    parser.add_argument("--brief", action="store_true", help="one line for a file and target")
    return parser.parse_args()


def beside(nvcc, tool):
    found = shutil.which(nvcc)
    return shutil.which(tool, path=str(Path(found).resolve().parent)) if found else None


def main():
    options = arguments()
    nvdisasm = options.nvdisasm or beside(options.nvcc, "nvdisasm") or shutil.which("nvdisasm")
    files = [path for path in sorted(SOURCES.glob("*.cu"))
             if not options.files or any(Path(word).stem in path.stem for word in options.files)]
    wanted = set(filter(None, options.targets.split(",")))
    problems = [f"{path.name}: its first lines name no targets" for path in files if not jobs_of(path, set())]
    jobs = [job for path in files for job in jobs_of(path, wanted, options.all_formats)]
    toolchain.each(lambda job: compile_job(job, options.nvcc, nvdisasm), jobs)
    for job in jobs:
        print_job(job, options.brief)
    print(f"{sum(job.seconds for job in jobs):.0f} s of processor time")
    if not jobs:
        problems.append("nothing to compile: no file and target match")
    if not nvdisasm:
        print("no nvdisasm: instructions were looked for in the PTX only")
    tree.report("gpu compile", len(jobs), problems + [problem for job in jobs for problem in job.problems])


main()
