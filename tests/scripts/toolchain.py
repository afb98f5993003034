"""How the checking scripts call a compiler."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


def pkg_config(package):
    """Include flags of a package, as system folders."""
    found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True, check=False)
    return found.stdout.replace("-I", "-isystem").split()


FLAGS = ["-std=c++20", f"-I{tree.INCLUDE}", *pkg_config("eigen3")]


def run(command, source=None, cwd=None):
    """(succeeded, what it printed); `source` goes to its standard input."""
    done = subprocess.run(command, input=source, text=True, cwd=cwd, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def compile_text(compiler, source, *arguments):
    """Compiles C++ given as text."""
    return run([compiler, *FLAGS, *arguments, "-x", "c++", "-"], source)


def each(function, items):
    """function(item) for every item, two at a time, in order."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))
