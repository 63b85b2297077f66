"""The entry for the test suites of other backends."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from manifold_opt.oracle.case import Case
from manifold_opt.oracle.format import list_cases, load_cases
from manifold_opt.oracle.quantities import OPERATIONS
from manifold_opt.oracle.report import BackendReport
from manifold_opt.oracle.runner import check

__all__ = ["parametrize", "assert_agrees"]


def parametrize(*cases: str | Iterable[str], directory: str | Path | None = None, level: str = "hard") -> Any:
    """A mark that runs a test once for each case, with the name of the case as its argument ``case``.

    Parameters
    ----------
    *cases : str or iterable of str
        Shell patterns of names of cases or groups; all cases if there is none.
    directory : path, optional
        Where the cases are; those of the library by default.
    level : {"smoke", "core", "full", "hard"}
        How much is asked; each level contains those before it.

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
    >>> @oracle.parametrize("stiefel-6x2-*", "transformer")
    ... def test_port(case):
    ...     oracle.assert_agrees(oracle.NumpyBackend(), case)
    """
    import pytest
    patterns = [pattern for each in cases for pattern in ([each] if isinstance(each, str) else each)]
    return pytest.mark.parametrize("case", list_cases(patterns or "*", directory, level))


def assert_agrees(backend: Any, case: str | Case, directory: str | Path | None = None,
                  operations: Iterable[str] | None = None, *, require: Iterable[str] = (),
                  xfail: Iterable[str] = (), uncovered: str = "fail") -> BackendReport:
    """Raise an AssertionError with the report unless the backend agrees.

    Parameters
    ----------
    backend : object
        As in :func:`~manifold_opt.oracle.check`.
    case : str or Case
        A case, or its name.
    directory, operations, require, xfail
        As in :func:`~manifold_opt.oracle.check`.
    uncovered : {"fail", "skip"}
        What happens if nothing of the case is covered. A backend of which no operation is found fails in any case.

    Returns
    -------
    BackendReport

    Raises
    ------
    AssertionError
        If something departs, or nothing is covered; the message is the report.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> len(oracle.assert_agrees(oracle.NumpyBackend(), "stiefel-6x2-float32-adam-cayley").covered)
    7
    """
    if uncovered not in ("fail", "skip"):
        raise ValueError(f'uncovered must be "fail" or "skip": got {uncovered!r}')
    loaded = case if isinstance(case, Case) else load_cases(case, directory)[0]
    report = check(backend, [loaded], operations=operations, require=require, xfail=xfail)
    if uncovered == "skip" and not report.measured and any(hasattr(backend, name) for name in OPERATIONS):
        import pytest
        pytest.skip(f"the backend covers nothing of {loaded.id}: {report.verdict}")
    if not report:
        raise AssertionError(f"\n{report}")
    return report
