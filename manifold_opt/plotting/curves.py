"""Curves over steps: losses with bands, contours with paths, errors with their slopes."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.plotting.border import check_axes, check_numbers
from manifold_opt.plotting.style import COLORS, INK, MARKERS, curve_style, legend, note, whole_steps

__all__ = ["draw_bands", "draw_contours", "draw_slopes", "limit_height"]


def draw_bands(axes: Any, curves: Mapping[str, Array], steps: Array | None = None, *, log: bool = False,
               xlabel: str = "step", ylabel: str = "loss", title: str = "", first: int = 0,
               names: bool = True) -> Any:
    """Draw the median of several runs and the band from the smallest to the largest.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    curves : mapping of str to numpy.ndarray
        By the name in the legend: one run (steps,) or several (runs, steps).
    steps : numpy.ndarray, optional
        What is on the horizontal axis; 0, 1, 2, ... by default. Integers have ticks at integers only.
    log : bool
        Whether the vertical axis is logarithmic; how many values it cannot show, since they are not positive, is said.
    xlabel, ylabel, title : str
        Names.
    first : int
        Number of the first curve, which tells its style.
    names : bool
        Whether there is a legend.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If a curve holds no real numbers, has neither one nor two axes or no run, or is longer than the steps.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> runs = np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 0.5], [3.0, 2.5, 2.0]])
    >>> plotting.draw_bands(axes, {"Adam": runs}).lines[0].get_ydata()
    array([3., 2., 1.])
    """
    check_axes(axes)
    if not isinstance(curves, Mapping):
        raise TypeError(f"curves must be a mapping of names to arrays: got {type(curves).__name__}")
    if steps is not None:
        check_numbers("steps", steps, "(k,)", ndim=(1,))
    zeros = 0
    for number, (name, curve) in enumerate(curves.items(), start=first):
        runs = np.atleast_2d(check_numbers(f"curve {name!r}", curve, "(steps,) or (runs, steps)", ndim=(1, 2)))
        if not len(runs) or steps is not None and len(steps) < runs.shape[1]:
            raise ValueError(f"curve {name!r} must have a run, and no more values than steps: got {np.shape(curve)}")
        x = np.arange(runs.shape[1]) if steps is None else np.asarray(steps)[:runs.shape[1]]
        zeros += int(np.count_nonzero(runs <= 0)) if log else 0
        style = curve_style(number) | ({} if len(x) <= 40 else {"marker": None})
        axes.plot(x, np.median(runs, axis=0), linewidth=1.8, label=name, **style)
        if len(runs) > 1:
            axes.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=style["color"], alpha=0.2, linewidth=0)
        if x.dtype.kind in "iu":
            whole_steps(axes)
    if log:
        axes.set_yscale("log")
    note(axes, _not_shown(zeros))
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if names:
        legend(axes)
    return axes


def draw_slopes(axes: Any, steps: Array, errors: Mapping[str, Array], orders: Mapping[str, int] | None = None, *,
                floor: float | None = None, xlabel: str = "t", ylabel: str = "error", title: str = "") -> Any:
    """Draw errors over steps in a log-log picture, with lines of the expected slopes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    steps : numpy.ndarray
        Steps (k,).
    errors : mapping of str to numpy.ndarray
        By the name in the legend: errors (k,); zeros are left out, and their number is said.
    orders : mapping of str to int, optional
        Slope to be compared with, by the same names: a thin line through the error of the smallest step that
        stands clear of rounding.
    floor : float, optional
        Level of rounding, drawn as a horizontal line.
    xlabel, ylabel, title : str
        Names.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If steps or errors hold no real numbers or differ in shape, or a step is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> t = 2.0 ** -np.arange(8)
    >>> len(plotting.draw_slopes(axes, t, {"Cayley": t**3 / 12}, {"Cayley": 3}).lines)
    2
    """
    check_axes(axes)
    orders, steps = orders or {}, check_numbers("steps", steps, "(k,)", ndim=(1,), finite=True)
    if not isinstance(errors, Mapping):
        raise TypeError(f"errors must be a mapping of names to arrays: got {type(errors).__name__}")
    if not len(steps) or not (steps > 0).all():
        raise ValueError(f"steps must be positive, at least one: got {steps}")
    for number, (name, error) in enumerate(errors.items()):
        error = check_numbers(f"errors of {name!r}", error, f"{steps.shape}", ndim=(1,))
        if error.shape != steps.shape:
            raise ValueError(f"errors of {name!r} must have shape {steps.shape}: got {error.shape}")
        shown = np.where(error > 0, error, np.nan)
        color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
        axes.loglog(steps, shown, linestyle="none", color=color, marker=marker, markersize=5, label=name)
        if name in orders:
            clear = np.flatnonzero(np.isfinite(shown) & (shown > 30 * (floor or 0.0)))
            k = clear[np.argmin(steps[clear])] if len(clear) else int(np.argmax(steps))
            line = shown[k] * (steps / steps[k]) ** orders[name]
            line = np.where(line > (floor or 0.0), line, np.nan)
            axes.loglog(steps, line, color=color, linewidth=1.0, label=f"slope {orders[name]}")
    note(axes, _not_shown(sum(int(np.count_nonzero(np.asarray(error) <= 0)) for error in errors.values())))
    if floor is not None:
        axes.axhline(floor, color=INK, linestyle=":", linewidth=1.2, label="rounding")
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    legend(axes)
    return axes


def _not_shown(zeros: int) -> str:
    """What is said of values that a logarithmic axis cannot show."""
    return f"{zeros} value{'s' if zeros > 1 else ''} of zero or less not shown" if zeros else ""


def limit_height(axes: Any, values: Array, limit: float) -> Any:
    """Let the vertical axis go from 0 to a limit, and say how many values are above it, and the largest.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    values : array_like
        All that is drawn.
    limit : float
        Upper end of the axis.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> [line.get_text() for line in plotting.limit_height(axes, [0.5, 1.0, 7.0], 2.0).texts]
    ['1 of 3 values above, up to 7']
    """
    check_axes(axes)
    values = np.ravel(check_numbers("values", values))
    if not 0 < float(check_numbers("limit", limit, "()", ndim=(0,), finite=True)):
        raise ValueError(f"limit must be positive: got {limit}")
    above = values[values > limit]
    axes.set_ylim(0, limit)
    return note(axes, f"{len(above)} of {len(values)} values above, up to {above.max():.3g}" if len(above) else "")


def draw_contours(axes: Any, function: Callable[[Array, Array], Array], xlim: tuple[float, float],
                  ylim: tuple[float, float], *, levels: int = 14, log: bool = False) -> Any:
    """Draw the level lines of a function of two variables.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    function : callable
        Takes the arrays x and y.
    xlim, ylim : (float, float)
        Where to evaluate it.
    levels : int
        Number of lines.
    log : bool
        Whether the levels are spaced by equal ratios; the function must then be positive somewhere.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> plotting.draw_contours(axes, lambda x, y: x**2 + y**2, (-1, 1), (-1, 1)) is axes
    True
    """
    check_axes(axes)
    (left, right), (bottom, top) = (check_numbers(name, limits, "(2,)", ndim=(1,), finite=True)
                                    for name, limits in (("xlim", xlim), ("ylim", ylim)))
    x, y = np.meshgrid(np.linspace(left, right, 201), np.linspace(bottom, top, 201))
    values = np.broadcast_to(check_numbers("function", function(x, y), finite=True), x.shape)
    low, high = float(values.min()), float(values.max())
    if log and not high > 0:
        raise ValueError(f"function must be positive for levels of equal ratios: its largest value is {high:g}")
    if low == high:
        levels = 0
    if levels:
        marks = np.geomspace(max(low, 1e-6 * high), high, levels) if log else np.linspace(low, high, levels)
        axes.contour(x, y, values, levels=np.unique(marks), colors=INK, linewidths=0.7, alpha=0.7)
    axes.set(xlim=xlim, ylim=ylim)
    return axes
