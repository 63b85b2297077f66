"""The command ``python -m manifold_opt oracle {export, check, list}``."""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from manifold_opt.oracle.catalogue import GROUPS
from manifold_opt.oracle.export import export
from manifold_opt.oracle.format import list_cases
from manifold_opt.oracle.quantities import OPERATIONS
from manifold_opt.oracle.runner import check, load_backend

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command to the subparsers of the library's command line.

    Parameters
    ----------
    subparsers : object
        What :meth:`argparse.ArgumentParser.add_subparsers` returned.

    Returns
    -------
    argparse.ArgumentParser
        The parser of the command.

    Examples
    --------
    >>> from manifold_opt.__main__ import main
    >>> main(["oracle", "check", "manifold_opt.oracle:NumpyBackend", "--cases", "stiefel-6x2-float64-adam-cayley",
    ...       "--quiet"])
    agrees: 7 checks
    0
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "oracle", help="export reference cases, check another backend against them",
        description="Reference cases for other implementations. Exit code of check: 0 if the backend agrees, 1 if it "
                    "departs, 2 if it covers nothing or the input is bad.")
    actions = parser.add_subparsers(title="actions", required=True, metavar="{export,check,list}")

    exporting = actions.add_parser("export", help="make all cases from scratch and write them")
    exporting.add_argument("directory", type=Path, metavar="DIR")
    exporting.add_argument("--groups", nargs="+", metavar="GROUP", help=f"some of {', '.join(GROUPS)}")
    exporting.add_argument("--large", action="store_true", help="add larger shapes, up to 40 x 6")
    exporting.set_defaults(run=_export)

    checking = actions.add_parser("check", help="check a backend")
    checking.add_argument("backend", metavar="MODULE:OBJECT")
    checking.add_argument("--cases", nargs="+", default=["*"], metavar="PATTERN", help="names of cases or groups")
    checking.add_argument("--operations", nargs="+", metavar="NAME", help=f"some of {', '.join(OPERATIONS)}")
    checking.add_argument("--directory", type=Path, metavar="DIR", help="cases other than those of the library")
    checking.add_argument("--json", type=Path, metavar="FILE", help="write all results as JSON, too")
    checking.add_argument("--quiet", action="store_true", help="print departures and the verdict only")
    checking.set_defaults(run=_check)

    listing = actions.add_parser("list", help="list the names of the cases")
    listing.add_argument("patterns", nargs="*", default=["*"], metavar="PATTERN")
    listing.add_argument("--directory", type=Path, metavar="DIR", help="cases other than those of the library")
    listing.set_defaults(run=_list)
    return parser


def _export(arguments: argparse.Namespace) -> int:
    for file in export(arguments.directory, arguments.groups, large=arguments.large):
        print(f"{file.stat().st_size:9} {file}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    # a backend in the current directory is found, as it is by "python -m pytest"
    sys.path.insert(0, str(Path.cwd()))
    backend = load_backend(arguments.backend)
    report = check(backend, arguments.cases, arguments.directory, arguments.operations)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(result) for result in report.results], indent=1) + "\n")
    print("\n".join([*map(str, report.departures), report.verdict]) if arguments.quiet else report)
    return report.exit_code


def _list(arguments: argparse.Namespace) -> int:
    print("\n".join(list_cases(arguments.patterns, arguments.directory)))
    return 0
