"""The notes of the manifest: each known mistake, where it shows first, and how large it is."""
from __future__ import annotations

from collections.abc import Iterable
from math import floor, inf, log10
from typing import Any

from manifold_opt.oracle.case import Case
from manifold_opt.oracle.judge import compare
from manifold_opt.oracle.mistake import Mistake
from manifold_opt.oracle.mistakes import MISTAKES
from manifold_opt.oracle.question import Question, questions

__all__ = ["notes"]


def notes(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """A note for each mistake that shows in the float64 cases: the first quantity that departs, and sizes in eps."""
    asked = [(case, question) for case in cases if case.parameters["dtype"] == "float64" and case.kind != "refusal"
             for question in questions(case)]
    found = []
    for mistake in MISTAKES:
        shown = [one for case, question in asked if question.operation == mistake.operation
                 if (one := _shown(mistake, case, question)) is not None]
        if shown:
            sizes = [error for _, error in shown if error < inf]
            found.append({"operation": mistake.operation, "mistake": mistake.words, "quantity": shown[0][0],
                          "smallest": _power(min(sizes)), "largest": _power(max(sizes)), "questions": len(shown)})
    return found


def _shown(mistake: Mistake, case: Case, question: Question) -> tuple[str, float] | None:
    """The first quantity that departs, and its error; None where the mistake does not show."""
    wrong = {name: X for name, X in mistake.of(question).items() if name in question.expected}
    if not wrong:
        return None
    result = compare(case, question, {**question.expected, **wrong})
    return None if result.verdict == "agrees" else (result.quantity, result.error)


def _power(error: float) -> str:
    return f"1e{floor(log10(error))}"
