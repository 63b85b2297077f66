"""Check every port with the oracle and write the table of who agrees, who_agrees.csv.

    python docs/ports/who_agrees.py [NAME ...]

Ports whose tools are not there keep their lines.
"""
from __future__ import annotations

import csv
import datetime
import importlib
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifold_opt import oracle

HERE = Path(__file__).parent
BACKENDS = HERE.parents[1] / "tests" / "backends"
TABLE = HERE / "who_agrees.csv"
HEAD = ["port", "version", "date", "level", "operations", "checks", "quantities", "digits, float64", "digits, float32",
        "largest share of a tolerance"]


@dataclass(frozen=True)
class Port:
    """A port: what its numbers are made with, and how it is checked from its folder."""

    folder: Path
    version: Callable[[], str | None]
    check: Callable[..., Any]
    level: str = "hard"


def package(name: str, title: str) -> Callable[[], str | None]:
    """What gives the version of a Python package, or None if it is not there."""
    return lambda: f"{title} {importlib.metadata.version(name)}" if importlib.util.find_spec(name) else None


def tool(command: str, option: str, title: str) -> Callable[[], str | None]:
    """What gives the version of a program, or None if it is not there."""
    def version() -> str | None:
        if shutil.which(command) is None:
            return None
        return f"{title} {subprocess.run([command, option], capture_output=True, text=True, check=True).stdout.strip()}"

    return version


def backend(module: str, name: str) -> Callable[..., Any]:
    """A check of a class in a module of the folder, whose modules are forgotten afterwards."""
    def check(folder: Path, **choice: Any) -> Any:
        files = {file.stem for file in folder.glob("*.py")}
        before = {key: sys.modules.pop(key) for key in files & set(sys.modules)}
        paths = list(sys.path)
        sys.path[:0] = [str(folder), str(folder.parent)]
        try:
            return oracle.check(getattr(importlib.import_module(module), name)(), **choice)
        finally:
            sys.path[:] = paths
            for key in files:
                sys.modules.pop(key, None)
            sys.modules.update(before)

    return check


def compiled(folder: Path, **choice: Any) -> Any:
    """A check of the program that g++ makes of answer.cpp."""
    with tempfile.TemporaryDirectory() as build:
        program = str(Path(build, "port"))
        subprocess.run(["g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program,
                        str(folder / "answer.cpp")], check=True)
        return oracle.check_command(program, **choice)


def scripted(folder: Path, **choice: Any) -> Any:
    """A check of answer.mjs by node."""
    return oracle.check_command(f"node '{folder / 'answer.mjs'}'", **choice)


PORTS = {
    "NumPy": Port(HERE, package("numpy", "NumPy"),
                  lambda folder, **choice: oracle.check(oracle.NumpyBackend(), **choice)),
    "mpmath": Port(BACKENDS, package("mpmath", "mpmath"), backend("mpmath_backend", "MpmathBackend"), "smoke"),
    "PyTorch": Port(BACKENDS, package("torch", "PyTorch"), backend("torch_backend", "TorchBackend")),
    "JAX": Port(HERE / "jax_port", package("jax", "JAX"), backend("jax_backend", "JaxBackend")),
    "C++": Port(HERE / "cpp", tool("g++", "-dumpfullversion", "g++"), compiled),
    "JavaScript": Port(HERE / "js", tool("node", "--version", "Node.js"), scripted),
}


def line(name: str) -> list[str]:
    """The line of a port that agrees."""
    port = PORTS[name]
    report = port.check(port.folder, level=port.level)
    if not report:
        raise SystemExit(f"{name}\n{report}")
    measured = [result for result in report.covered if result.quantity]
    worst = max(measured, key=lambda result: result.share)
    shares = [[r.digits for r in measured if (r.eps < 1e-10) == wide] for wide in (True, False)]
    digits = [f"{min(share):.1f}" if share else "-" for share in shares]
    print(f"{name}: {report.verdict}")
    return [name, str(port.version()), str(datetime.date.today()), port.level, operations(report),
            str(len(report.covered)),
            f"{sum(r.compared for r in report.covered)} of {sum(r.expected for r in report.covered)}", *digits,
            f"{worst.share:.0%} ({worst.operation}, {worst.quantity})"]


def operations(report: Any) -> str:
    """What is covered, the operations that are covered in some cases only with a star."""
    all_of = dict.fromkeys(result.operation for result in report.results)
    covered = {result.operation for result in report.covered}
    return ", ".join(name + "*" * (name in report.uncovered) for name in all_of if name in covered)


def read() -> dict[str, list[str]]:
    """The lines of the table by port."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {row[0]: row for row in list(csv.reader(file))[1:]}


def main(names: list[str]) -> None:
    """Check the ports and write the table."""
    found = read() if TABLE.exists() else {}
    for name in names or PORTS:
        if PORTS[name].version() is None:
            print(f"{name}: not here")
        else:
            found[name] = line(name)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *(found[name] for name in PORTS if name in found)])


if __name__ == "__main__":
    print(f"Python {platform.python_version()}")
    main(sys.argv[1:])
