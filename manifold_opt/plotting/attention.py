"""Images, their patches, and which patch looks at which."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.plotting.border import check_axes, check_numbers
from manifold_opt.plotting.style import COLORS, INK

__all__ = ["draw_attention", "draw_image"]


def draw_image(axes: Any, image: Array, title: str = "", *, grid: int | None = None) -> Any:
    """Draw a grey image, and the edges of its patches.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; axes of the kind "picture" suit best.
    image : numpy.ndarray
        Array (height, columns).
    title : str
        Title.
    grid : int, optional
        Edge of a patch in pixels.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="picture")
    >>> len(plotting.draw_image(axes, np.eye(28), grid=7).lines)
    10
    """
    check_axes(axes)
    image = check_numbers("image", image, "(height, columns)", ndim=(2,))
    grid = None if grid is None else check_integer("grid", grid, 1)
    height, columns = image.shape
    axes.imshow(image, cmap="gray", extent=(0, columns, height, 0), interpolation="nearest")
    for k in range(0, height + 1, grid) if grid else ():
        axes.plot([0, columns], [k, k], color=COLORS[1], linewidth=0.8)
    for k in range(0, columns + 1, grid) if grid else ():
        axes.plot([k, k], [0, height], color=COLORS[1], linewidth=0.8)
    axes.set_title(title)
    return axes


def draw_attention(axes: Any, P: Array, title: str = "", *, labels: bool = True,
                   stretch: bool = False) -> Any:
    """Draw the attention of one head: bright where the query of a column looks at the key of a row.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; axes of the kind "plain" suit best.
    P : numpy.ndarray
        Probabilities (tokens, tokens) whose columns sum to one.
    title : str
        Title.
    labels : bool
        Whether the axes are named.
    stretch : bool
        Whether the colours begin at the smallest entry instead of zero, to show faint patterns.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If P is no matrix of real numbers whose columns sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure()
    >>> plotting.draw_attention(axes, np.full((16, 16), 1 / 16)).get_xlabel()
    'query'
    """
    check_axes(axes)
    P = check_numbers("P", P, "(tokens, tokens)", ndim=(2,))
    defect = float(np.max(np.abs(P.sum(axis=0) - 1), initial=0.0 if P.size else np.inf))
    if not defect < 1e-3:
        raise ValueError(f"P must have columns that sum to one: defect {defect:.1e}, tolerance 1.0e-03")
    # viridis: monotone in lightness, and the same order of colours for every kind of colour vision
    lowest = float(P.min()) if stretch else 0.0
    axes.imshow(P, cmap="viridis", vmin=lowest, vmax=float(P.max()), interpolation="nearest")
    axes.grid(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set(xticks=[], yticks=[])
    if labels:
        axes.set(xlabel="query", ylabel="key")
    axes.set_title(title, color=INK)
    return axes
