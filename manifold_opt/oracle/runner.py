"""The runner: calls a backend with the inputs of the cases and measures how far its answers are off."""
from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.calls import Call, calls
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.format import load_cases
from manifold_opt.oracle.quantities import OPERATIONS, QUANTITIES
from manifold_opt.oracle.report import BackendReport, Result

__all__ = ["check", "check_case", "load_backend"]


def check(backend: Any, cases: str | Iterable[str] | Iterable[Case] = "*", directory: str | Path | None = None,
          operations: Iterable[str] | None = None) -> BackendReport:
    """Check a backend against reference cases.

    Parameters
    ----------
    backend : object
        Anything with some of the functions of :data:`~manifold_opt.oracle.quantities.OPERATIONS` as attributes, which
        take and return NumPy arrays. Missing ones, and calls that raise NotImplementedError, are reported as not
        covered.
    cases : str, iterable of str, or iterable of Case
        Shell patterns of names of cases or groups, or the cases themselves.
    directory : path, optional
        Where the cases are; those of the library by default.
    operations : iterable of str, optional
        The operations to check; all by default.

    Returns
    -------
    BackendReport

    Raises
    ------
    ValueError
        If no case matches, or an operation is unknown.

    Examples
    --------
    A backend with the square root on the wrong side of delta is caught, and the report says where:

    >>> import numpy as np
    >>> from manifold_opt import oracle
    >>> class Port(oracle.NumpyBackend):
    ...     def update(self, method, hyper, A, B, moments, t):
    ...         result = super().update(method, hyper, A, B, moments, t)
    ...         if method == "adam":
    ...             for block in "AB":
    ...                 root = np.sqrt(result[f"B2_{block}_new"] + hyper["delta"])
    ...                 result[f"W_{block}"] = -hyper["learning_rate"] * result[f"B1_{block}_new"] / root
    ...         return result
    >>> report = oracle.check(Port(), cases="stiefel-6x2-float64-adam-*")
    >>> report.passed, report.first_departure.operation, report.first_departure.quantity
    (False, 'update', 'W_A')
    """
    chosen = list(OPERATIONS) if operations is None else list(operations)
    if unknown := [name for name in chosen if name not in OPERATIONS]:
        raise ValueError(f"operations must be among {', '.join(OPERATIONS)}: got {', '.join(unknown)}")
    listed = [cases] if isinstance(cases, str) else list(cases)
    loaded = [case for case in listed if isinstance(case, Case)]
    patterns = [pattern for pattern in listed if isinstance(pattern, str)]
    if patterns:
        loaded += load_cases(patterns, directory)
    results = [result for case in loaded for result in check_case(backend, case, chosen)]
    return BackendReport(tuple(sorted(results, key=lambda result: chosen.index(result.operation))))


def check_case(backend: Any, case: Case, operations: Iterable[str] = tuple(OPERATIONS)) -> Iterator[Result]:
    """Check a backend against one case.

    Parameters
    ----------
    backend : object
        As in :func:`check`.
    case : Case
        The case.
    operations : iterable of str
        The operations to check.

    Yields
    ------
    Result
        One for each operation that the case concerns.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> case, = oracle.load_cases("stiefel-6x2-float64-adam-cayley")
    >>> {result.verdict for result in oracle.check_case(oracle.NumpyBackend(), case)}
    {'agrees'}
    """
    chosen = set(operations)
    grouped: dict[str, list[Call]] = {}
    for call in calls(case):
        grouped.setdefault(call.operation, []).append(call)
    for operation, group in grouped.items():
        if operation in chosen:
            yield _check_operation(backend, case, operation, group)


def _check_operation(backend: Any, case: Case, operation: str, group: list[Call]) -> Result:
    """All calls of an operation in a case (one for each step): the first that departs decides."""
    function = getattr(backend, "step" if operation == "trajectory" else operation, None)
    if function is None:
        return Result(operation, case.id, "not covered")
    worst = Result(operation, case.id, "agrees", tolerance=1.0)
    for call in group:
        try:
            with np.errstate(all="ignore"):
                values = call.run(function)
            result = _compare(case, operation, call, values)
        except NotImplementedError:
            return Result(operation, case.id, "not covered")
        except Exception as error:  # a backend may raise anything: the report goes on
            return Result(operation, case.id, "fails", message=f"{call.where}{type(error).__name__}: {error}")
        if result.verdict in ("departs", "fails"):
            return result
        if result.error * worst.tolerance >= worst.error * result.tolerance:
            worst = result
    return worst


def _compare(case: Case, operation: str, call: Call, values: Mapping[str, Any]) -> Result:
    """The first quantity that departs, or the one that comes nearest to its tolerance."""
    worst = Result(operation, case.id, "agrees", tolerance=1.0)
    compared = [name for name in OPERATIONS[operation].quantities if name in call.expected and name in values]
    if not compared:
        needed = ", ".join(name for name in OPERATIONS[operation].quantities if name in call.expected)
        return Result(operation, case.id, "fails", message=f"returned none of {needed}")
    for name in compared:
        value, expected = np.asarray(values[name]), call.expected[name]
        if value.shape != expected.shape:
            return Result(operation, case.id, "fails", name,
                          message=f"{call.where}{name} must have shape {expected.shape}: got {value.shape}")
        error = _largest_error(value, expected) / (case.eps * call.scales.get(name, 1.0))
        tolerance = float(QUANTITIES[name].tolerance or 0.0) * call.growth
        if not error <= tolerance:
            return Result(operation, case.id, "departs", name, error, tolerance, call.where.rstrip(": "))
        if error * worst.tolerance >= worst.error * tolerance:
            worst = Result(operation, case.id, "agrees", name, error, tolerance, call.where.rstrip(": "))
    return worst


def _largest_error(value: Array, expected: Array) -> float:
    """The largest distance of two entries; infinite where one of them is not a number."""
    if not expected.size:
        return 0.0
    distance = np.abs(value.astype(np.longdouble) - expected.astype(np.longdouble))
    return float(np.max(np.where(np.isnan(distance), np.inf, distance)))


def load_backend(name: str) -> Any:
    """The object that a name such as "package.module:object" stands for.

    Parameters
    ----------
    name : str
        Module and attribute; a class is called without arguments.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If the name has another form, or module or attribute do not exist.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> oracle.load_backend("manifold_opt.oracle:NumpyBackend")
    NumpyBackend()
    """
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise ValueError(f"backend must have the form MODULE:OBJECT: got {name!r}")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"backend {name!r} must be importable: {error}") from error
    return found() if isinstance(found, type) else found
