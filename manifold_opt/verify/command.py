"""``python -m manifold_opt verify``: every identity on every space, with an exit code."""
from __future__ import annotations

import argparse
import time
from importlib import import_module
from typing import Any

from manifold_opt.spaces import (ComplexGrassmann, ComplexStiefel, Euclidean, Grassmann, Stiefel, SymplecticGrassmann,
                                 SymplecticStiefel)
from manifold_opt.verify.report import IdentityReport
from manifold_opt.verify.run import run

__all__ = ["CONDITIONS", "SPACES", "add_parser", "parse_space", "run_command", "verify_all"]

SPACES: dict[str, type] = {"Stiefel": Stiefel, "Grassmann": Grassmann, "SymplecticStiefel": SymplecticStiefel,
                           "SymplecticGrassmann": SymplecticGrassmann, "ComplexStiefel": ComplexStiefel,
                           "ComplexGrassmann": ComplexGrassmann, "Euclidean": Euclidean}
"""Spaces by the names that the command line takes."""

DEFAULT_SPACES = ("Stiefel(6,2)", "Stiefel(40,10)", "Stiefel(4,4)", "Grassmann(6,2)", "Grassmann(30,7)",
                  "SymplecticStiefel(8,4)", "SymplecticStiefel(12,2)", "SymplecticStiefel(4,4)",
                  "SymplecticGrassmann(8,4)", "SymplecticGrassmann(12,6)", "Euclidean(5,3)")
CONDITIONS = {"float64": (10.0, 1000.0), "float32": (10.0,)}
"""Condition numbers of the points of the symplectic spaces, by dtype."""


def parse_space(text: str) -> Any:
    """A space from its name and sizes."""
    name, opening, rest = text.strip().partition("(")
    if name not in SPACES or not opening or not rest.endswith(")"):
        raise ValueError(f"--space must be one of {', '.join(SPACES)} with sizes, such as Stiefel(6,2): got {text!r}")
    try:
        sizes = [int(size) for size in rest[:-1].split(",") if size.strip()]
        return SPACES[name](*sizes)
    except (TypeError, ValueError) as error:
        raise ValueError(f"--space must have valid sizes, such as Stiefel(6,2): got {text!r} ({error})") from error


def verify_all(spaces: list[Any], dtypes: list[str], seeds: int, *, first: int = 0, method: Any = None,
               scales: tuple[float, ...] = (1.0, 1e-4)) -> IdentityReport:
    """One report over spaces, dtypes, seeds, condition numbers and lengths of the tangent vectors."""
    report = IdentityReport([])
    for space in spaces:
        isometric = getattr(space, "adjoint", None) is None or space.adjoint.is_compact
        for dtype in dtypes:
            for cond in (CONDITIONS[dtype][:1] if isometric else CONDITIONS[dtype]):
                for scale in scales:
                    for seed in range(first, first + seeds):
                        report = report + run(space, rng=seed, dtype=dtype, cond=cond, scale=scale, method=method)
    return report


def add_parser(subparsers: Any) -> None:
    """Add the command to those of ``python -m manifold_opt``."""
    parser = subparsers.add_parser("verify", help="check every identity on every space",
                                   description="Measure every identity in units of eps; exit code 1 if one fails.")
    parser.add_argument("--space", action="append", metavar="NAME(SIZES)",
                        help=f"such as Stiefel(6,2); may be given several times; names: {', '.join(SPACES)}")
    parser.add_argument("--dtype", choices=("float32", "float64", "both"), default="both")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds (default 1)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--method", default="manifold_opt:Adam", metavar="MODULE:NAME",
                        help="the Adam to compare with the textbook (default manifold_opt:Adam)")
    parser.add_argument("--all", action="store_true", help="print every record, not the worst of each identity")
    parser.add_argument("--json", metavar="FILE", help="write the records there")
    parser.set_defaults(run=run_command)


def run_command(arguments: argparse.Namespace) -> int:
    """Run the command: 0 if every identity holds, 1 if one fails, 2 if none was measured."""
    if arguments.seeds < 1:
        raise ValueError(f"--seeds must be at least 1: got {arguments.seeds}")
    spaces = [parse_space(text) for text in arguments.space or DEFAULT_SPACES]
    dtypes = ["float32", "float64"] if arguments.dtype == "both" else [arguments.dtype]
    start = time.perf_counter()
    report = verify_all(spaces, dtypes, arguments.seeds, first=arguments.first_seed, method=_load(arguments.method))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            file.write(report.to_json(indent=1))
    shown = report if arguments.all else IdentityReport(list(report.worst().values()))
    print(shown.table())
    print(report.summary())
    print(f"{len(report.worst())} identities measured on {len(spaces)} spaces, {len(report)} records, "
          f"{time.perf_counter() - start:.1f} s")
    return report.exit_code


def _load(text: str) -> Any:
    """The method named MODULE:NAME, with its default parameters."""
    module, _, name = text.partition(":")
    try:
        return getattr(import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"--method must be MODULE:NAME of a method: got {text!r} ({error})") from error
