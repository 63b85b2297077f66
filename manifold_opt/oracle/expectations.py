"""What a team expects of its port: operations that must be covered, and departures that are known."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from manifold_opt.oracle.quantities import OPERATIONS
from manifold_opt.oracle.report import Result

__all__ = ["LEVELS", "settle", "read_lines"]

LEVELS = ("smoke", "core", "full", "hard")
"""How much is asked; each level contains those before it."""


def settle(results: list[Result], require: Iterable[str], xfail: Iterable[str]) -> list[Result]:
    """The results with what was required and not covered as failures, and with known departures as expected ones.

    >>> from manifold_opt.oracle.expectations import settle
    >>> from manifold_opt.oracle.report import Result
    >>> settle([Result("retract", "case", "agrees")], [], ["retract *"])[0].verdict
    'fails'
    """
    required, lines = set(require), [_parsed(line) for line in xfail]
    settled = []
    for result in results:
        if any(operation == result.operation and fnmatchcase(result.case, pattern) for operation, pattern in lines):
            result = _expected(result)
        if result.verdict == "not covered" and result.operation in required:
            result = replace(result, verdict="fails", message=f"required, but not covered: {result.message}")
        settled.append(result)
    return settled


def _expected(result: Result) -> Result:
    if result.verdict in ("departs", "fails"):
        return replace(result, verdict="expected")
    if result.verdict == "agrees":
        return replace(result, verdict="fails", message="agrees, though it is listed as an expected departure")
    return result


def _parsed(line: str) -> tuple[str, str]:
    operation, _, pattern = line.partition(" ")
    if operation not in OPERATIONS or not pattern.strip():
        raise ValueError(f"an expected departure must have the form OPERATION PATTERN: got {line!r}")
    return operation, pattern.strip()


def read_lines(text: str) -> list[str]:
    """The lines of a file of expected departures, without comments (#) and blank ones."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line]
