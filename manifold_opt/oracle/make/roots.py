"""A root of a function of one ball, proven by a change of sign."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint

from manifold_opt.oracle.make.balls import Unproven

__all__ = ["root"]

MOST_STEPS = 100


def root(function: Callable[[Any], Any], start: float) -> Any:
    """The ball around a root near `start`, of half as many bits as balls have: the signs at its ends differ.

    >>> from manifold_opt.oracle.make import balls
    >>> from manifold_opt.oracle.make.roots import root
    >>> with balls.precision():
    ...     bool(balls.rounded(root(lambda x: x * x - 2, 1.5)) == 2**0.5)
    True
    """
    radius = flint.arb(2) ** -(flint.ctx.prec // 2)
    previous, x = flint.arb(start), flint.arb(start) + flint.arb(2)**-10
    before = function(previous)
    for _ in range(MOST_STEPS):
        value = function(x)
        slope = ((value - before) / (x - previous)).mid()
        if slope == 0:
            break
        previous, before, x = x, value, (x - value / slope).mid()
        if abs(x - previous) < radius / 2**20:
            break
    low, high = function(x - radius), function(x + radius)
    if not (low < 0 < high or high < 0 < low):
        raise Unproven(f"the signs at the ends of a ball must differ: got {low.str(5)} and {high.str(5)}")
    return flint.arb(x.mid(), radius)
