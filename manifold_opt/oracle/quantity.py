"""What is said of a quantity and of an operation, and the constant of all tolerances."""
from __future__ import annotations

from typing import NamedTuple

__all__ = ["Quantity", "Operation", "TOLERANCE"]


class Quantity(NamedTuple):
    """A quantity in words, as a formula, its place in the paper or the literature, and its constant C (None: given)."""

    meaning: str
    formula: str
    paper: str
    tolerance: float | None = None


class Operation(NamedTuple):
    """A function of a backend: arguments in order, what it returns, what is compared in order, what is required."""

    arguments: tuple[str, ...]
    returns: str
    quantities: tuple[str, ...]
    required: tuple[str, ...] = ()


TOLERANCE = 40.0
"""The constant C of all tolerances. The largest error of this library, in both forms of the Cayley transform and of
attention, and of a port to PyTorch is below half of it; wrong formulas miss it by three powers of ten."""
