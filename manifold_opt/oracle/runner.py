"""The runner: asks a backend, a program or a file the questions of the cases, and has the answers judged."""
from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.answers import Answers, ask_command
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.expectations import settle
from manifold_opt.oracle.format import list_cases, load_cases
from manifold_opt.oracle.judge import Ask, examine, nearest
from manifold_opt.oracle.quantities import OPERATIONS
from manifold_opt.oracle.question import Question, run_trajectory
from manifold_opt.oracle.report import BackendReport, Result

__all__ = ["answers_of", "check", "check_case", "check_command", "judge", "load_backend"]

Cases = str | Iterable[str] | Iterable[Case]


def check(backend: Any, cases: Cases = "*", directory: str | Path | None = None,
          operations: Iterable[str] | None = None, *, require: Iterable[str] = (), xfail: Iterable[str] = (),
          level: str = "hard") -> BackendReport:
    """Check a backend against reference cases.

    Parameters
    ----------
    backend : object
        Anything with some of the functions of :data:`~manifold_opt.oracle.quantities.OPERATIONS` as attributes, a
        module for instance; they take and return NumPy arrays. Missing ones, and calls that raise
        NotImplementedError, are reported as not covered.
    cases : str, iterable of str, or iterable of Case
        Shell patterns of names of cases or groups, or the cases themselves.
    directory : path, optional
        Where the cases are; those of the library by default.
    operations : iterable of str, optional
        The operations to check; all by default.
    require : iterable of str
        Operations that must be covered in every one of the cases.
    xfail : iterable of str
        Lines "OPERATION PATTERN": operations that are expected to depart or fail in the cases that match. One that
        agrees all the same fails.
    level : {"smoke", "core", "full", "hard"}
        How much is asked; each level contains those before it.

    Returns
    -------
    BackendReport

    Raises
    ------
    ValueError
        If no case matches, or an operation or level is unknown.

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
    >>> bool(report), report.first_departure.operation, report.first_departure.quantity
    (False, 'update', 'W_A')
    """
    loaded, chosen = _load(cases, directory, level), _known(operations)
    return _report(answers_of(backend), loaded, chosen, require, xfail, notes=_near_misses(backend))


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
    yield from examine(answers_of(backend), case, operations)


def judge(answers: str | Path | Mapping[str, Array], cases: Cases = "*", directory: str | Path | None = None,
          operations: Iterable[str] | None = None, *, require: Iterable[str] = (), xfail: Iterable[str] = (),
          level: str = "hard") -> BackendReport:
    """Judge the answers that a port in any language has written.

    Parameters
    ----------
    answers : path or mapping
        An npz file or a folder with members ``CASE/OPERATION/QUANTITY.npy``, of the shapes of the stored arrays (so
        with a leading axis of steps in cases of steps); or arrays by these names. The answer of ``global_section`` is
        ``Lambda``.
    cases, directory, operations, require, xfail, level
        As in :func:`check`.

    Returns
    -------
    BackendReport
        What is not among the answers is not covered; a case or an operation that does not exist is a failure.

    Raises
    ------
    ValueError
        As :func:`check`, and if the names of the answers have another form.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> case, = oracle.load_cases("transformer-small-float64-relative")
    >>> answers = {f"{case.id}/transformer_forward/{name}": case.arrays[name] for name in ("logits", "y")}
    >>> print(oracle.judge(answers, cases=case.id).verdict)
    agrees: 1 checks; not covered: transformer_gradient (no answers)
    """
    given, loaded = Answers(answers), _load(cases, directory, level)
    known = [*list_cases("*", directory), *(case.id for case in loaded)]
    return _report(given.ask, loaded, _known(operations), require, xfail, given.strangers(known))


def check_command(command: str, cases: Cases = "*", directory: str | Path | None = None,
                  operations: Iterable[str] | None = None, *, require: Iterable[str] = (), xfail: Iterable[str] = (),
                  level: str = "hard") -> BackendReport:
    """Check a program, which is called once for each group of cases as ``COMMAND QUESTIONS.npz ANSWERS.npz``.

    Parameters
    ----------
    command : str
        Program and arguments, as in a shell.
    cases, directory, operations, require, xfail, level
        As in :func:`check`.

    Returns
    -------
    BackendReport
        As from :func:`judge`.

    Raises
    ------
    ValueError
        As :func:`judge`, and if the program cannot be started, ends with another exit code than 0, or writes nothing.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> oracle.check_command("./no_such_port", cases="steps_euclidean")
    Traceback (most recent call last):
    ValueError: command must start: [Errno 2] No such file or directory: './no_such_port'
    """
    loaded, chosen = _load(cases, directory, level), _known(operations)
    given, strangers = {}, []
    for group in dict.fromkeys(case.group for case in loaded):
        given[group] = ask_command(command, [case for case in loaded if case.group == group], chosen)
        strangers += given[group].strangers(case.id for case in loaded)
    return _report(lambda case, question: given[case.group].ask(case, question), loaded, chosen, require, xfail,
                   strangers)


def _load(cases: Cases, directory: str | Path | None, level: str) -> list[Case]:
    """The chosen cases, those of patterns up to the level."""
    listed = [cases] if isinstance(cases, str) else list(cases)
    loaded = [case for case in listed if isinstance(case, Case)]
    patterns = [pattern for pattern in listed if isinstance(pattern, str)]
    return loaded + (load_cases(patterns, directory, level) if patterns else [])


def _known(operations: Iterable[str] | None) -> list[str]:
    chosen = list(OPERATIONS) if operations is None else list(operations)
    if unknown := [name for name in chosen if name not in OPERATIONS]:
        close = nearest(unknown[0], OPERATIONS, 0.6)
        raise ValueError(f"operations must be among {', '.join(OPERATIONS)}: got {', '.join(unknown)}"
                         + (f" (is it {close}?)" if close else ""))
    return chosen


def _report(ask: Ask, cases: list[Case], operations: list[str], require: Iterable[str], xfail: Iterable[str],
            strangers: Iterable[Result] = (), notes: Iterable[str] = ()) -> BackendReport:
    results = [result for case in cases for result in examine(ask, case, operations)]
    results = settle(results, _known(require), xfail)
    return BackendReport((*strangers, *sorted(results, key=lambda result: operations.index(result.operation))),
                         tuple(notes))


def answers_of(backend: Any) -> Ask:
    """What calls the functions of a backend with copies of the arguments, and names what they return."""
    def ask(case: Case, question: Question) -> Mapping[str, Any]:
        operation = question.operation
        function = getattr(backend, operation, None)
        if function is None and operation == "trajectory" and hasattr(backend, "step"):
            return run_trajectory(backend.step, case)
        if function is None:
            raise NotImplementedError("not offered")
        return _named(operation, function(*question.copied().values()))

    return ask


def _named(operation: str, answer: Any) -> Mapping[str, Any]:
    """What a function returned, by quantity: a dict as it is, a tuple or one value by the names of the operation."""
    if isinstance(answer, Mapping):
        return answer
    names = ("Lambda",) if operation == "global_section" else OPERATIONS[operation].quantities
    if len(names) == 1:
        return {names[0]: answer}
    if not isinstance(answer, (tuple, list)):
        raise TypeError(f"{operation} must return a dict or a tuple: got {type(answer).__name__}")
    if len(answer) != len(names):
        raise ValueError(f"{operation} must return {len(names)} values or a dict: got {len(answer)}")
    return dict(zip(names, answer))


def _near_misses(backend: Any) -> list[str]:
    """A remark for each public name of the backend that is nearly that of an operation which it does not offer."""
    lacking = [name for name in OPERATIONS if not hasattr(backend, name)]
    names = [name for name in dir(backend) if not name.startswith("_") and name not in OPERATIONS]
    found = {name: nearest(name, lacking, 0.8) for name in names}
    return [f"the backend has {name!r}, which is no operation: is it {close!r}?"
            for name, close in found.items() if close]


def load_backend(name: str) -> Any:
    """The object that a name such as "package.module:object" stands for.

    Parameters
    ----------
    name : str
        Module and attribute, or a module alone, whose functions are then the backend; a class is called without
        arguments.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If module or attribute do not exist, or raise any error when they are imported or called.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> oracle.load_backend("manifold_opt.oracle:NumpyBackend")
    NumpyBackend()
    """
    module, colon, attribute = name.partition(":")
    if not module or (colon and not attribute):
        raise ValueError(f"backend must have the form MODULE or MODULE:OBJECT: got {name!r}")
    try:
        found = importlib.import_module(module)
        for part in attribute.split(".") if attribute else ():
            found = getattr(found, part)
        return found() if isinstance(found, type) else found
    except (Exception, SystemExit) as error:
        raise ValueError(f"backend {name!r} must be importable: {type(error).__name__}: {error}") from error
