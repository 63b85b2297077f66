"""What a known mistake is."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.question import Question

__all__ = ["Answers", "Mistake", "Wrong"]

Answers = dict[str, Any]
Wrong = Callable[[Mapping[str, Any], Mapping[str, Array]], Answers]


@final
@dataclass(frozen=True)
class Mistake:
    """A mistake of one operation, in words, and what it answers from the arguments and the right answers."""

    operation: str
    words: str
    answer: Wrong

    def of(self, question: Question) -> Answers:
        """The wrong answers to a question; empty where the mistake does not show."""
        with np.errstate(all="ignore"):
            return self.answer(question.arguments, question.expected)
