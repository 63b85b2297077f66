"""The judge: answers to the questions of the cases, wherever they come from, against the right ones."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.mistakes import diagnose
from manifold_opt.oracle.quantities import OPERATIONS, QUANTITIES
from manifold_opt.oracle.question import SECTIONS, Question, as_real, ordered, questions, section_defects
from manifold_opt.oracle.report import Result

__all__ = ["Ask", "examine", "compare", "nearest"]

Ask = Callable[[Case, Question], Mapping[str, Any]]
"""Answers a question by quantity, or raises NotImplementedError with the reason."""


def examine(ask: Ask, case: Case, operations: Iterable[str] = tuple(OPERATIONS)) -> Iterator[Result]:
    """Results of one case, one for each operation that it concerns."""
    chosen = set(operations)
    grouped: dict[str, list[Question]] = {}
    for question in questions(case):
        grouped.setdefault(question.operation, []).append(question)
    for operation, group in grouped.items():
        if operation in chosen:
            yield _examine_operation(ask, case, operation, group)


def _examine_operation(ask: Ask, case: Case, operation: str, group: list[Question]) -> Result:
    """All questions of an operation in a case (one for each step): the first that departs decides."""
    worst: Result | None = None
    for question in group:
        try:
            with np.errstate(all="ignore"):
                values = ask(case, question)
                result = compare(case, question, values) if not question.refusal else _refused(case, question, values)
        except NotImplementedError as error:
            return Result(operation, case.id, "not covered", message=str(error))
        except (Exception, SystemExit) as error:  # a backend may raise anything: the report goes on
            if question.refusal:
                return Result(operation, case.id, "agrees", message=f"{type(error).__name__}: {error}", eps=case.eps)
            return Result(operation, case.id, "fails",
                          message=f"{_where(question)}{type(error).__name__}: {error}")
        if result.verdict != "agrees":
            return result
        if worst is None or result.share >= worst.share:
            worst = result
    return worst or Result(operation, case.id, "not covered", message="the case asks nothing")


def compare(case: Case, question: Question, values: Mapping[str, Any]) -> Result:
    """The first quantity that departs, or the one that comes nearest to its tolerance.

    >>> from manifold_opt import oracle
    >>> from manifold_opt.oracle.judge import compare
    >>> from manifold_opt.oracle.question import questions
    >>> case, = oracle.load_cases("stiefel-6x2-float64-adam-cayley")
    >>> question = list(questions(case))[4]
    >>> print(compare(case, question, {"R": question.expected["R"] + 1e-9}))
    departs      retract: R of stiefel-6x2-float64-adam-cayley off by 4.5e+06 eps, tolerance 98 eps, 9.0 digits (step 1)
    """
    base = Result(question.operation, case.id, "agrees", eps=case.eps, expected=len(question.expected))
    values = dict(values)
    names = SECTIONS.get(question.operation, {"Lambda": ()})
    if names["Lambda"] and all(name in values for name in names["Lambda"]):
        answer = [_checked(name, values.pop(name), case) for name in names["Lambda"]]
        Y = as_real([question.arguments[name] for name in names["Y"]])
        values = {**section_defects(question.arguments["space"], Y, as_real(answer)), **values}
        base = replace(base, wide=answer[0].dtype.itemsize > case.dtype.itemsize)
    returned = [name for name in question.expected if name in values]
    missing = tuple(name for name in question.expected if name not in values)
    base = replace(base, compared=len(returned), missing=missing)
    if words := _misnamed(question, values, returned):
        return replace(base, verdict="fails", message=_where(question) + words)
    checked, wide = {}, False
    for name in returned:
        try:
            checked[name] = _checked(name, values[name], case)
        except TypeError as error:
            return replace(base, verdict="fails", quantity=name, message=f"{_where(question)}{error}")
        if checked[name].shape != question.expected[name].shape:
            return replace(base, verdict="fails", quantity=name, message=f"{_where(question)}{name} must have shape "
                           f"{question.expected[name].shape}: got {checked[name].shape}")
        wide |= checked[name].ndim > 0 and checked[name].dtype.itemsize > case.dtype.itemsize
    if question.operation not in SECTIONS:
        base = replace(base, wide=bool(wide))
    return _measure(base, case, question, checked)


def _measure(base: Result, case: Case, question: Question, values: Mapping[str, Array]) -> Result:
    """Errors of answers of the right shapes, in the order in which the quantities arise."""
    worst: Result | None = None
    for name, block, words in ordered(question):
        if name not in values:
            continue
        value, expected = values[name], question.expected[name]
        if block is not None:
            value, expected = value[block], expected[block]
        error = _largest_error(value, expected) / (case.eps * question.scales.get(name, 1.0))
        tolerance = float(QUANTITIES[name].tolerance or 0.0) * question.growth
        where = ", ".join(filter(None, (question.label, words.partition(", ")[2])))
        found = replace(base, quantity=name, error=error, tolerance=tolerance, message=where)
        if not error <= tolerance:
            return replace(found, verdict="departs", diagnosis=diagnose(question, name, values[name]))
        if worst is None or found.share >= worst.share:
            worst = found
    return worst or base


def _refused(case: Case, question: Question, values: Mapping[str, Any]) -> Result:
    """Agreement if the answer shows that there is none, by numbers that are not finite or one called ``refused``."""
    given = {name: np.asarray(value) for name, value in values.items()}
    shown = np.any(given.pop("refused", np.array(0.0)) != 0) or any(
        X.dtype.kind in "fc" and not np.isfinite(X).all() for X in given.values())
    return Result(question.operation, case.id, "agrees" if shown else "departs", eps=case.eps,
                  message="" if shown else f"must be refused: {question.refusal}; got finite numbers", error=0.0)


def _misnamed(question: Question, values: Mapping[str, Any], returned: list[str]) -> str:
    """What is wrong with the names of the answers, in words: unknown ones without their counterpart, or too few."""
    for name in values:
        close = nearest(name, question.expected)
        if name not in question.expected and close not in returned:
            return f"unknown quantity {name!r}: is it {close!r}, which was not returned?"
    required = [name for name in OPERATIONS[question.operation].required if name in question.expected]
    if lacking := [name for name in required if name not in returned]:
        return f"must return {', '.join(required)}: there is no {', '.join(lacking)}"
    if not returned:
        return f"returned none of {', '.join(question.expected)}"
    return ""


def _checked(name: str, value: Any, case: Case) -> Array:
    """The value as an array of real numbers that are no narrower than those of the case."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be real floating-point numbers: got dtype {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize < case.dtype.itemsize:
        raise TypeError(f"{name} must be {case.dtype} in this case: got {array.dtype} (x64 is off?)")
    return array


def _largest_error(value: Array, expected: Array) -> float:
    """The largest distance of two entries; infinite where one of them is not a number."""
    if not expected.size:
        return 0.0
    distance = np.abs(value.astype(np.longdouble) - expected.astype(np.longdouble))
    return float(np.max(np.where(np.isnan(distance), np.inf, distance)))


def nearest(name: str, known: Iterable[str], cutoff: float = 0.0) -> str:
    """The known name that is most like the given one; empty if none is like it.

    >>> from manifold_opt.oracle.judge import nearest
    >>> nearest("blocks.query", ["d_blocks.key", "d_blocks.query"])
    'd_blocks.query'
    """
    return (get_close_matches(name, list(known), 1, cutoff) or [""])[0]


def _where(question: Question) -> str:
    return f"{question.label}: " if question.label else ""
