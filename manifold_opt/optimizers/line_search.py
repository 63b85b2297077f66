"""A line search along a retraction for the Wolfe conditions."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["line_search"]

Trial = tuple[float, float, Any]
"""Loss, derivative along the direction, and whatever belongs to the trial point."""


def line_search(trial: Callable[[float], Trial], value: float, slope: float, *, armijo: float = 1e-4,
                curvature: float = 0.9, max_trials: int = 40,
                longest: float = np.inf) -> tuple[float, Trial] | None:
    r"""A step length with sufficient decrease and positive curvature, by bisection and doubling.

    A step is accepted where :math:`\phi(t) \le \phi(0) + c_1t\phi'(0)` and :math:`\phi'(t) \ge c_2\phi'(0)`; so close
    to a minimum that the decrease drowns in rounding, the first condition is replaced by
    :math:`\phi(t) \le \phi(0) + 4\,\mathrm{eps}\,|\phi(0)|` and :math:`\phi'(t) \le (2c_1 - 1)\phi'(0)`.

    Source: A. S. Lewis and M. L. Overton, Math. Program. 141 (2013), 135-163 (the bisection); W. W. Hager and
    H. Zhang, SIAM J. Optim. 16 (2005), 170-192 (the approximate condition).

    Steps are doubled up to the length `longest` and no further; a step of that length that decreases the loss is taken
    if nothing better is found. None if no step length is acceptable.

    >>> from manifold_opt.optimizers.line_search import line_search
    >>> line_search(lambda t: ((t - 3) ** 2, 2 * (t - 3), "point"), 9.0, -6.0)
    (1.0, (4.0, -4.0, 'point'))
    """
    low, high, t = 0.0, np.inf, min(1.0, longest)
    fallback: tuple[float, Trial] | None = None
    rounding = 4 * np.finfo(float).eps * abs(value)
    for _ in range(max_trials):
        result = trial(t)
        phi, derivative, _ = result
        decreases = phi <= value + armijo * t * slope
        flat = phi <= value + rounding and derivative <= (2 * armijo - 1) * slope
        if not (decreases or flat):
            high = t
        elif derivative < curvature * slope:
            low, fallback = t, (t, result)
            if t == longest:
                break
        else:
            return t, result
        t = min(2 * low, longest) if np.isinf(high) else 0.5 * (low + high)
    return fallback
