"""The command ``python -m manifold_opt oracle {check, judge, ask, copy, schema, list, export}``."""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from manifold_opt.oracle.export import export
from manifold_opt.oracle.answers import write_questions
from manifold_opt.oracle.expectations import LEVELS, read_lines
from manifold_opt.oracle.format import copy, list_cases, load_cases
from manifold_opt.oracle.quantities import OPERATIONS
from manifold_opt.oracle.report import BackendReport
from manifold_opt.oracle.runner import check, check_command, judge, load_backend
from manifold_opt.oracle.schema import MANIFEST_SCHEMA

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
        "oracle", help="reference cases: check another backend against them",
        description="Reference cases for other implementations. Exit code of check and judge: 0 if all that is covered "
                    "agrees, 1 if something departs or fails, 2 if nothing is covered or the input is bad.")
    actions = parser.add_subparsers(title="actions", required=True, metavar="{check,judge,ask,copy,schema,list,export}")
    _add_checks(actions)

    asking = actions.add_parser("ask", help="write the questions of the cases for a port that Python does not call")
    asking.add_argument("file", type=Path, metavar="QUESTIONS.npz")
    _add_choice(asking)
    asking.set_defaults(run=_ask)

    copying = actions.add_parser("copy", help="copy the cases as they come with the library")
    copying.add_argument("directory", type=Path, metavar="DIR")
    copying.set_defaults(run=_copy)

    schema = actions.add_parser("schema", help="print the JSON schema of the manifest")
    schema.set_defaults(run=_schema)

    listing = actions.add_parser("list", help="list the names of the cases")
    listing.add_argument("patterns", nargs="*", default=["*"], metavar="PATTERN")
    listing.add_argument("--directory", type=Path, metavar="DIR", help="cases other than those of the library")
    listing.add_argument("--level", choices=LEVELS, default="hard", help="how much is asked (default: all)")
    listing.set_defaults(run=_list)

    exporting = actions.add_parser("export", help="make all cases from scratch and write them")
    exporting.add_argument("directory", type=Path, metavar="DIR")
    exporting.add_argument("--groups", nargs="+", metavar="GROUP", help="some of the groups")
    exporting.add_argument("--large", action="store_true", help="add larger shapes, up to 40 x 6")
    exporting.set_defaults(run=_export)
    return parser


def _add_checks(actions: Any) -> None:
    checking = actions.add_parser("check", help="check a backend in Python, or a program")
    checking.add_argument("backend", nargs="?", metavar="MODULE[:OBJECT]")
    checking.add_argument("--command", metavar="COMMAND", help="a program in place of a backend, called once for each "
                          "group as COMMAND QUESTIONS.npz ANSWERS.npz")
    checking.set_defaults(run=_check)
    judging = actions.add_parser("judge", help="judge answers that a port has written")
    judging.add_argument("answers", metavar="ANSWERS.npz|DIR", help="members CASE/OPERATION/QUANTITY.npy")
    judging.set_defaults(run=_judge)
    for parser in (checking, judging):
        _add_choice(parser)
        parser.add_argument("--require", nargs="+", default=[], metavar="NAME", help="operations that must be covered")
        parser.add_argument("--xfail", type=Path, metavar="FILE", help="lines OPERATION PATTERN: departures that are "
                            "expected; an agreement then fails")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all results as JSON, too")
        parser.add_argument("--quiet", action="store_true", help="print departures and the verdict only")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", nargs="+", default=["*"], metavar="PATTERN", help="names of cases or groups")
    parser.add_argument("--operations", nargs="+", metavar="NAME", help=f"some of {', '.join(OPERATIONS)}")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="cases other than those of the library")
    parser.add_argument("--level", choices=LEVELS, default="hard", help="how much is asked (default: all)")


def _check(arguments: argparse.Namespace) -> int:
    if (arguments.backend is None) == (arguments.command is None):
        raise ValueError("check must be given a backend or --command, and not both")
    if arguments.command is not None:
        return _told(arguments, check_command(arguments.command, **_choice(arguments)))
    # a backend in the current directory is found, as it is by "python -m pytest"
    sys.path.insert(0, str(Path.cwd()))
    return _told(arguments, check(load_backend(arguments.backend), **_choice(arguments)))


def _judge(arguments: argparse.Namespace) -> int:
    return _told(arguments, judge(arguments.answers, **_choice(arguments)))


def _choice(arguments: argparse.Namespace) -> dict[str, Any]:
    lines = read_lines(arguments.xfail.read_text(encoding="utf-8")) if arguments.xfail else []
    return {"cases": arguments.cases, "directory": arguments.directory, "operations": arguments.operations,
            "require": arguments.require, "xfail": lines, "level": arguments.level}


def _told(arguments: argparse.Namespace, report: BackendReport) -> int:
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(result) for result in report.results], indent=1) + "\n")
    print("\n".join([*map(str, report.departures), report.verdict]) if arguments.quiet else report)
    return report.exit_code


def _ask(arguments: argparse.Namespace) -> int:
    cases = load_cases(arguments.cases, arguments.directory, arguments.level)
    write_questions(arguments.file, cases, arguments.operations or OPERATIONS)
    for file in (arguments.file, arguments.file.with_suffix(".tsv")):
        print(f"{file.stat().st_size:9} {file}")
    return 0


def _copy(arguments: argparse.Namespace) -> int:
    for file in copy(arguments.directory):
        print(f"{file.stat().st_size:9} {file}")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(MANIFEST_SCHEMA, indent=1))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    print("\n".join(list_cases(arguments.patterns, arguments.directory, arguments.level)))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    try:
        files = export(arguments.directory, arguments.groups, large=arguments.large)
    except ImportError as error:
        raise ValueError(str(error)) from error
    for file in files:
        print(f"{file.stat().st_size:9} {file}")
    return 0
