"""Values of a function of balls, certified, and the unit of their errors."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls

__all__ = ["Function", "certified", "normwise_unit", "units"]

EXPONENT = -83
"""Logarithm of the relative perturbations that measure conditions; their square is far below the last digit."""

Function = Callable[[Mapping[str, Array]], Mapping[str, Array]]


def certified(function: Function, inputs: Mapping[str, Array],
              dtype: str = "float64") -> tuple[dict[str, Array], dict[str, float]]:
    """The rounded values of a function of exact inputs, and the units of their errors.

    Bits are added until the balls are small enough to be rounded. The unit is the larger of the largest entry and of
    the change of the value under a random relative change of all inputs, per unit, to three digits; 1 for a value that
    is zero.

    >>> from manifold_opt.oracle.make import balls
    >>> from manifold_opt.oracle.make.conditioning import certified
    >>> values, scales = certified(lambda a: {"difference": a["X"] - 999}, {"X": balls.exact([1000.0])})
    >>> values["difference"].tolist(), scales["difference"] > 100
    ([1.0], True)
    """
    bits = 1024
    while True:
        with balls.precision(bits):
            try:
                found = function(inputs)
                values = {name: balls.rounded(np.asarray(X, object), dtype) for name, X in found.items()}
            except (balls.Unproven, ZeroDivisionError):
                if bits > 20000:
                    raise
                bits *= 2
                continue
            return values, units(function, inputs, found)


def units(function: Function, inputs: Mapping[str, Array],
          found: Mapping[str, Array] | None = None) -> dict[str, float]:
    """The units alone; of values that are given, if they are known."""
    found, random = function(inputs) if found is None else found, Random("condition")
    changed = function({name: _perturbed(random, X) for name, X in inputs.items()})
    return {name: _unit(found[name], changed[name]) for name in found}


def normwise_unit(function: Callable[[Array], Array], X: Array) -> float:
    """The change under a random change of all entries by the same amount, relative to the largest, per unit."""
    random = Random("normwise")
    signs = np.array([1 - 2 * random.getrandbits(1) for _ in range(X.size)], dtype=object).reshape(X.shape)
    change = function(X + signs * balls.number(2.0**EXPONENT * balls.largest(X))) - function(X)
    return float(f"{balls.largest(change) * 2.0**-EXPONENT:.2e}")


def _unit(X: Any, changed: Any) -> float:
    change = balls.largest(np.subtract(changed, X, dtype=object)) * 2.0**-EXPONENT
    return float(f"{max(balls.largest(X), change):.2e}") or 1.0


def _perturbed(random: Random, X: Array) -> Array:
    signs = np.array([1 - 2 * random.getrandbits(1) for _ in range(X.size)], dtype=object).reshape(X.shape)
    return np.asarray(X * (1 + balls.number(2.0**EXPONENT) * signs)) if X.size else X
