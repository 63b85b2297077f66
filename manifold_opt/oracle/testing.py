"""The entry for the test suites of other backends."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from manifold_opt.oracle.case import Case
from manifold_opt.oracle.format import list_cases, load_cases
from manifold_opt.oracle.report import BackendReport
from manifold_opt.oracle.runner import check

__all__ = ["parametrize", "assert_agrees"]


def parametrize(cases: str | Iterable[str] = "*", directory: str | Path | None = None) -> Any:
    """A mark that runs a test once for each case, with the name of the case as its argument ``case``.

    Parameters
    ----------
    cases : str or iterable of str
        Shell patterns of names of cases or groups.
    directory : path, optional
        Where the cases are; those of the library by default.

    Returns
    -------
    pytest.MarkDecorator

    Raises
    ------
    ValueError
        If no case matches.

    Examples
    --------
    The three lines of a test suite:

    >>> from manifold_opt import oracle
    >>> @oracle.parametrize("steps_stiefel")
    ... def test_port(case):
    ...     oracle.assert_agrees(oracle.NumpyBackend(), case)
    """
    import pytest
    return pytest.mark.parametrize("case", list_cases(cases, directory))


def assert_agrees(backend: Any, case: str | Case, directory: str | Path | None = None,
                  operations: Iterable[str] | None = None) -> BackendReport:
    """Raise an AssertionError with the report unless the backend agrees; skip a case of which nothing is covered.

    Parameters
    ----------
    backend : object
        As in :func:`~manifold_opt.oracle.check`.
    case : str or Case
        A case, or its name.
    directory, operations
        As in :func:`~manifold_opt.oracle.check`.

    Returns
    -------
    BackendReport

    Raises
    ------
    AssertionError
        If something departs; the message is the report.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> len(oracle.assert_agrees(oracle.NumpyBackend(), "stiefel-6x2-float32-adam-cayley").covered)
    7
    """
    loaded = case if isinstance(case, Case) else load_cases(case, directory)[0]
    report = check(backend, [loaded], operations=operations)
    if not report.covered:
        import pytest
        pytest.skip(f"the backend covers nothing of {loaded.id}")
    if report.departures:
        raise AssertionError(f"\n{report}")
    return report
