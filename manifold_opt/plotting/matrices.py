"""Matrices as pictures: entries by colour, and the blocks of an algebra."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.plotting.border import check_axes, check_numbers
from manifold_opt.plotting.style import COLORS, INK

__all__ = ["draw_matrix", "draw_splitting"]

PAPER, PRINT = "#F4F2EE", "#202020"
"""Squares are opaque and their text is dark, so that they look the same on white and on black."""


def draw_matrix(axes: Any, M: Array, title: str = "", *, largest: float | None = None, numbers: bool = False) -> Any:
    """Draw the entries of a matrix as coloured squares: orange positive, blue negative, pale for zero.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; axes of the kind "picture" suit best.
    M : numpy.ndarray
        Matrix (p, q).
    title : str
        Title.
    largest : float, optional
        Magnitude with the full colour; the largest entry by default.
    numbers : bool
        Whether the entries are written into the squares.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If M is no matrix of finite real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="picture")
    >>> len(plotting.draw_matrix(axes, np.eye(3), "I").patches)
    9
    """
    from matplotlib.patches import Rectangle
    check_axes(axes)
    M = check_numbers("M", M, "(p, q)", ndim=(2,), finite=True)
    rows, columns = M.shape
    largest = largest if largest is not None else float(np.max(np.abs(M), initial=0.0)) or 1.0
    for i, j in np.ndindex(rows, columns):
        strength = min(1.0, abs(float(M[i, j])) / largest)
        color = _mixed(COLORS[1] if M[i, j] > 0 else COLORS[0], 0.85 * strength)
        axes.add_patch(Rectangle((j, i), 1, 1, facecolor=color, edgecolor="none"))
        if numbers:
            number = f"{M[i, j]:.2f}".replace("-0.00", "0.00")
            axes.text(j + 0.5, i + 0.5, number, ha="center", va="center", color=PRINT, fontsize="small")
    for k in range(rows + 1):
        axes.plot([0, columns], [k, k], color=INK, linewidth=0.4, alpha=0.6)
    for k in range(columns + 1):
        axes.plot([k, k], [0, rows], color=INK, linewidth=0.4, alpha=0.6)
    return _frame(axes, rows, columns, title)


def draw_splitting(axes: Any, N: int, frame: Array | Sequence[int], title: str = "", *, grassmann: bool = False,
                   transposed: str = "^T") -> Any:
    r"""Draw where the blocks A, B and the vertical part of the algebra lie in an N x N matrix.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; axes of the kind "picture" suit best.
    N : int
        Number of rows.
    frame : sequence of int
        The columns of the identity that make up E.
    title : str
        Title.
    grassmann : bool
        Whether A is vertical, too.
    transposed : str
        How the adjoint is written: "^T" for O(N), "^*" for Sp(N2).

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="picture")
    >>> axes = plotting.draw_splitting(axes, 5, [0, 1])
    >>> sorted({text.get_text() for text in axes.texts})
    ['$-B^T$', '$A$', '$B$', 'vertical']
    """
    from matplotlib.patches import Rectangle
    check_axes(axes)
    N = check_integer("N", N, 1)
    if not all(0 <= check_integer("frame", column) < N for column in frame):
        raise ValueError(f"frame must have indices below N = {N}: got {list(frame)}")
    inside = np.isin(np.arange(N), np.asarray(frame, int))
    kinds = np.where(inside[:, None], np.where(inside, 0, 2), np.where(inside, 1, 3))
    names = ["$A$", "$B$", f"$-B{transposed}$", "vertical"]
    colors = [COLORS[1], COLORS[0], COLORS[0], INK]
    strengths, hatches = [0.7, 0.7, 0.35, 0.15], [None, None, None, "///"]
    if grassmann:
        kinds = np.where(kinds == 0, 3, kinds)
    for (i, j), kind in np.ndenumerate(kinds):
        axes.add_patch(Rectangle((j, i), 1, 1, facecolor=_mixed(colors[kind], strengths[kind]), edgecolor="none"))
        if hatches[kind]:
            axes.add_patch(Rectangle((j, i), 1, 1, fill=False, edgecolor=INK, alpha=0.35, hatch=hatches[kind],
                                     linewidth=0))
        axes.add_patch(Rectangle((j, i), 1, 1, fill=False, edgecolor=INK, linewidth=0.4, alpha=0.6))
    for top, bottom in _runs(inside):
        for left, right in _runs(inside):
            kind = kinds[top, left]
            if kind != 3 or (bottom - top > 1 and right - left > 1):
                axes.text((left + right) / 2, (top + bottom) / 2, names[kind], ha="center", va="center",
                          color=PRINT, fontsize="small" if kind == 3 else "medium")
    return _frame(axes, N, N, title)


def _mixed(color: str, strength: float) -> tuple[float, ...]:
    """The colour mixed with that of the paper."""
    parts = zip(*([int(name[k:k + 2], 16) / 255 for k in (1, 3, 5)] for name in (color, PAPER)))
    return tuple(strength * a + (1 - strength) * b for a, b in parts)


def _runs(inside: Array) -> list[tuple[int, int]]:
    """First and one past the last index of each stretch of equal values."""
    edges = [0, *(np.flatnonzero(inside[1:] != inside[:-1]) + 1), len(inside)]
    return [(int(a), int(b)) for a, b in zip(edges, edges[1:])]


def _frame(axes: Any, rows: int, columns: int, title: str) -> Any:
    axes.set(xlim=(-0.02 * columns, 1.02 * columns), ylim=(1.02 * rows, -0.02 * rows), aspect="equal")
    axes.set_title(title)
    return axes
