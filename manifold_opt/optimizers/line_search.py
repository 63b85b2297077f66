"""A line search along a retraction for the Wolfe conditions."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["line_search"]

Trial = tuple[float, float, Any]
"""Loss, derivative along the direction, and whatever belongs to the trial point."""


def line_search(trial: Callable[[float], Trial], value: float, slope: float, *, armijo: float = 1e-4,
                curvature: float = 0.9, max_trials: int = 40) -> tuple[float, Trial] | None:
    r"""A step length with sufficient decrease and positive curvature, by bisection and doubling.

    A step is accepted where :math:`\phi(t) \le \phi(0) + c_1t\phi'(0)` and :math:`\phi'(t) \ge c_2\phi'(0)`; so close
    to a minimum that the decrease drowns in rounding, the first condition is replaced by
    :math:`\phi(t) \le \phi(0) + 4\,\mathrm{eps}\,|\phi(0)|` and :math:`\phi'(t) \le (2c_1 - 1)\phi'(0)`.

    Source: A. S. Lewis and M. L. Overton, Math. Program. 141 (2013), 135-163 (the bisection); W. W. Hager and
    H. Zhang, SIAM J. Optim. 16 (2005), 170-192 (the approximate condition).

    Parameters
    ----------
    trial : callable
        From a step length t > 0 to the loss there (infinite where the step is impossible), the derivative and any
        object.
    value, slope : float
        Loss and derivative at t = 0; the slope is negative.
    armijo, curvature : float
        The constants :math:`0 < c_1 < c_2 < 1`.
    max_trials : int
        Number of step lengths after which the search gives up.

    Returns
    -------
    (t, trial(t)) or None
        None if no step length is acceptable.

    Examples
    --------
    >>> from manifold_opt.optimizers.line_search import line_search
    >>> line_search(lambda t: ((t - 3) ** 2, 2 * (t - 3), "point"), 9.0, -6.0)
    (1.0, (4.0, -4.0, 'point'))
    """
    low, high, t = 0.0, np.inf, 1.0
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
        else:
            return t, result
        t = 2 * low if np.isinf(high) else 0.5 * (low + high)
    return fallback
