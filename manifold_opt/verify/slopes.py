"""Fitted slopes of errors on a log-log scale: number, window, verdict, picture."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["Slope", "fit_slope", "taylor_slope"]

TOLERANCE = 0.5
"""How far a fitted slope may stay below the order that is expected."""


@final
@dataclass(frozen=True)
class Slope:
    """A slope fitted to errors over steps, true if it is as steep as expected.

    Attributes
    ----------
    steps, errors : numpy.ndarray
        Steps t (k,) and errors (k,).
    floor : float
        Level of rounding: errors below it take no part in the fit.
    slope : float
        Fitted slope; infinite where all errors but one are at the level of rounding: then there is no error to see.
    window : tuple of float
        Smallest and largest step of the fit; (nan, nan) where there is no fit.
    expected : float
        The order that is expected at least.
    label : str
        What the errors are.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.verify import fit_slope
    >>> t = 2.0 ** -np.arange(8)
    >>> slope = fit_slope(t, 5 * t**2, 1e-12, expected=2)
    >>> round(slope.slope, 6), bool(slope), bool(fit_slope(t, 5 * t, 1e-12, expected=2))
    (2.0, True, False)
    """

    steps: Array
    errors: Array
    floor: float
    slope: float
    window: tuple[float, float]
    expected: float = 2.0
    label: str = "error"

    def __bool__(self) -> bool:
        return bool(self.slope >= self.expected - TOLERANCE)

    def __str__(self) -> str:
        where = ("all errors are at rounding level" if np.isinf(self.slope)
                 else f"over t = {self.window[0]:.1e} to {self.window[1]:.1e}")
        verdict = "passed" if self else "FAILED"
        return f"{self.label}: slope {self.slope:.3f}, expected at least {self.expected:g}, {where}: {verdict}"

    def draw(self, ax: Any = None) -> Any:
        """The log-log picture: errors, fitted window, reference line of the expected slope, level of rounding.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None
            Where to draw; None makes a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        if ax is None:
            import matplotlib.pyplot as plt
            ax = plt.subplots()[1]
        shown = np.maximum(self.errors, np.finfo(np.float64).tiny)
        ax.loglog(self.steps, shown, "o", label=self.label)
        inside = (self.steps >= self.window[0]) & (self.steps <= self.window[1])
        if inside.any():
            anchor_t, anchor_e = self.steps[inside][0], shown[inside][0]
            ax.loglog(self.steps, anchor_e * (self.steps / anchor_t) ** self.expected, "--",
                      label=f"slope {self.expected:g}")
            ax.axvspan(*self.window, alpha=0.1, label=f"fitted slope {self.slope:.2f}")
        ax.axhline(self.floor, linestyle=":", color="gray", label="rounding")
        ax.set_xlabel("t")
        ax.set_ylabel(self.label)
        ax.legend()
        return ax


def fit_slope(steps: Array, errors: Array, floor: float, expected: float = 2.0, label: str = "error",
              points: int = 5) -> Slope:
    """Fit a slope to the smallest steps whose errors stand above rounding.

    Parameters
    ----------
    steps, errors : numpy.ndarray
        Decreasing steps and errors, of shape (k,).
    floor : float
        Level below which errors are rounding.
    expected : float
        Order that is expected at least.
    label : str
        What the errors are.
    points : int
        Largest number of steps in the window.

    Returns
    -------
    Slope

    Raises
    ------
    ValueError
        If steps and errors differ in shape, or a step is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.verify import fit_slope
    >>> t = 2.0 ** -np.arange(20)
    >>> slope = fit_slope(t, t**3 + 1e-12, 1e-9)
    >>> bool(abs(slope.slope - 3) < 0.01), bool(slope.window[0] ** 3 > 1e-9)
    (True, True)
    """
    steps, errors = np.asarray(steps, float), np.asarray(errors, float)
    if steps.shape != errors.shape or steps.ndim != 1 or not (steps > 0).all():
        raise ValueError(f"steps and errors must be of one shape (k,), steps positive: got {steps.shape}, "
                         f"{errors.shape}")
    if not np.isfinite(errors).all():
        return Slope(steps, errors, floor, float("-inf"), (float("nan"), float("nan")), expected, label)
    above = np.flatnonzero(errors > floor)
    # errors that rise above the rounding level again at smaller steps must not be overlooked
    window = above[-points:]
    if len(window) < 2:
        return Slope(steps, errors, floor, float("inf"), (float("nan"), float("nan")), expected, label)
    slope = float(np.polyfit(np.log(steps[window]), np.log(errors[window]), 1)[0])
    return Slope(steps, errors, floor, slope, (float(steps[window].min()), float(steps[window].max())), expected, label)


def taylor_slope(curve: Callable[[float], float], derivative: float, *, rounding: float | None = None,
                 expected: float = 2.0, label: str = "|L(t) - L(0) - t L'(0)|", levels: int = 30) -> Slope:
    r"""The slope of the Taylor remainder :math:`|L(t) - L(0) - tL'(0)|` of a loss along a curve.

    Parameters
    ----------
    curve : callable
        The loss along the curve, from t to a number.
    derivative : float
        The derivative at t = 0 that is to be verified.
    rounding : float or None
        Level of rounding of the loss; None takes 100 eps (of float64) times the largest loss.
    expected : float
        Order that is expected at least.
    label : str
        For report and picture.
    levels : int
        Steps are the powers :math:`2^{-1}, \dots, 2^{-levels}`.

    Returns
    -------
    Slope

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.verify import taylor_slope
    >>> print(taylor_slope(np.sin, 1.0))
    |L(t) - L(0) - t L'(0)|: slope 3.000, expected at least 2, over t = 6.1e-05 to 9.8e-04: passed
    >>> bool(taylor_slope(np.sin, 1.001))
    False
    """
    steps = 2.0 ** -np.arange(1, levels + 1)
    start = float(curve(0.0))
    values = np.array([float(curve(float(t))) for t in steps])
    if rounding is None:
        rounding = 100 * float(np.finfo(np.float64).eps) * max(abs(start), float(np.max(abs(values))))
    return replace(fit_slope(steps, abs(values - start - steps * derivative), rounding, expected), label=label)
