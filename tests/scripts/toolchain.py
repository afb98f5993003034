"""How the checking scripts call a compiler."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


def pkg_config(package):
    """Include flags of a package, as system folders."""
    found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True, check=False)
    return found.stdout.replace("-I", "-isystem ").split()


FLAGS = ["-std=c++20", f"-I{tree.INCLUDE}", f"-I{tree.CUDA}", *pkg_config("eigen3")]


def run(command, source=None, cwd=None):
    """(succeeded, what it printed); `source` goes to its standard input."""
    done = subprocess.run(command, input=source, text=True, cwd=cwd, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def compile_text(compiler, source, *arguments):
    """Compiles C++ given as text."""
    return run([compiler, *FLAGS, *arguments, "-x", "c++", "-"], source)


def is_nvcc(compiler):
    return Path(compiler).name == "nvcc"


def compile_file(compiler, path, *arguments):
    """Compiles a file for its messages alone. nvcc knows no -fsyntax-only, and g++'s flags go on to g++."""
    if not is_nvcc(compiler):
        return run([compiler, *FLAGS, "-fsyntax-only", *arguments, "-x", "c++", path])
    passed_on = [word for flag in arguments for word in
                 (("-Xcompiler", flag) if flag.startswith("-f") else (flag,))]
    return run([compiler, *FLAGS, *passed_on, "-c", "-x", "cu", "-o", "/dev/null", path])


def each(function, items):
    """function(item) for every item, two at a time, in order."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))
