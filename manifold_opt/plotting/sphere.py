"""The unit sphere in three dimensions, with what lies behind it drawn faintly."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.plotting.border import check_axes, check_numbers
from manifold_opt.plotting.style import COLORS, INK

__all__ = ["draw_arrow", "draw_field", "draw_path", "draw_point", "draw_sphere", "draw_tangent_plane"]

FAINT = 0.28
"""Opacity of what is behind the sphere, relative to what is in front."""


def draw_sphere(axes: Any, *, elevation: float = 22, azimuth: float = 38) -> Any:
    """Draw the unit sphere: a shade, a few circles of latitude and longitude, and its outline.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes of the kind "space".
    elevation, azimuth : float
        Where the viewer is, in degrees. Draw points, paths and arrows afterwards: what is behind depends on it.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Examples
    --------
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> plotting.draw_sphere(axes) is axes
    True
    """
    check_axes(axes, "space").view_init(elev=elevation, azim=azimuth)
    axes.set_proj_type("ortho")
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 37), np.linspace(0, np.pi, 19))
    surface = np.stack([np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v)])
    axes.plot_surface(*surface, color=COLORS[0], alpha=0.07, linewidth=0, shade=False, zorder=0)
    t = np.linspace(0, 2 * np.pi, 91)
    grid: dict[str, Any] = {"color": INK, "linewidth": 0.5, "alpha": 0.6}
    for angle in np.pi / 6 * np.arange(-2, 3):
        radius, height = np.cos(angle), np.full_like(t, np.sin(angle))
        circle = np.stack([radius * np.cos(t), radius * np.sin(t), height], axis=1)
        draw_path(axes, circle, **grid)
    for angle in np.pi / 6 * np.arange(6):
        circle = np.stack([np.cos(t) * np.cos(angle), np.cos(t) * np.sin(angle), np.sin(t)], axis=1)
        draw_path(axes, circle, **grid)
    view, right = _view(axes), _right(axes)
    outline = np.cos(t)[:, None] * right + np.sin(t)[:, None] * np.cross(view, right)
    axes.plot(*outline.T, color=INK, linewidth=1.1, zorder=1)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
    return axes


def draw_path(axes: Any, points: Array, *, label: str | None = None, **style: Any) -> Any:
    """Draw a path on the sphere; the parts behind the sphere are faint.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes with a sphere.
    points : numpy.ndarray
        Points (k, 3), or (k, 3, 1) as stacks of points of Stiefel(3, 1) come.
    label : str, optional
        Name in the legend.
    **style
        What :meth:`matplotlib.axes.Axes.plot` takes.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Raises
    ------
    ValueError
        If the points are not in three dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> t = np.linspace(0, 6, 50)
    >>> plotting.draw_path(axes, np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)) is axes
    True
    """
    points = _points(points)
    style = {"color": COLORS[0], "linewidth": 2.0, "zorder": 3, **style}
    alpha = style.pop("alpha", 1.0)
    front = points @ _view(axes) >= -1e-9
    near, far = points.copy(), points.copy()
    near[~front] = np.nan
    # the last point of a front part also begins the part behind, so that no gap opens between them
    inside = ~front
    inside[1:-1] = inside[1:-1] & inside[:-2] & inside[2:]
    far[~(inside | ~front)] = np.nan
    axes.plot(*far.T, **{**style, "alpha": FAINT * alpha, "zorder": 0.5})
    axes.plot(*near.T, label=label, alpha=alpha, **style)
    return axes


def draw_point(axes: Any, point: Array, text: str = "", *, offset: float = 0.14, **style: Any) -> Any:
    """Draw a point of the sphere with its name beside it.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes with a sphere.
    point : numpy.ndarray
        Point with three entries, of any shape.
    text : str
        Its name.
    offset : float
        How far the name is from the point.
    **style
        What :meth:`matplotlib.axes.Axes.plot` takes.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> plotting.draw_point(axes, np.eye(3, 1), "E").texts[0].get_text()
    'E'
    """
    check_axes(axes, "space")
    x = _points(check_numbers("point", point, finite=True).reshape(1, -1))[0]
    style = {"color": COLORS[1], "marker": "o", "markersize": 6, "zorder": 5, **style}
    axes.plot(*x[:, None], linestyle="none", alpha=1.0 if x @ _view(axes) >= -1e-9 else FAINT, **style)
    if text:
        view = _view(axes)
        outward = x - (x @ view) * view
        if np.linalg.norm(outward) < 0.4:
            # near the middle of the picture outward means nothing: to the lower right
            outward = _right(axes) - np.cross(view, _right(axes))
        place = x + offset * outward / np.linalg.norm(outward)
        axes.text(*place, text, color=INK, ha="center", va="center", zorder=6)
    return axes


def draw_arrow(axes: Any, start: Array, vector: Array, text: str = "", *, label: str | None = None,
               color: str = COLORS[1], scale: float = 1.0, linewidth: float = 2.0, alpha: float = 1.0) -> Any:
    """Draw a vector as an arrow at a point.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes with a sphere.
    start, vector : numpy.ndarray
        Three entries each, of any shape.
    text : str
        Its name, at the tip.
    label : str, optional
        Name in the legend.
    color, scale, linewidth, alpha
        Colour; length of the arrow per length of the vector; width and opacity of the line.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> plotting.draw_arrow(axes, np.eye(3, 1), np.array([0.0, 1.0, 0.0])) is axes
    True
    """
    x, v = (_points(check_numbers(name, a, finite=True).reshape(1, -1))[0]
            for name, a in (("start", start), ("vector", vector)))
    alpha *= FAINT if x @ _view(axes) < -0.05 else 1.0
    strokes = _strokes(x, scale * v, _view(axes))
    axes.plot(*strokes.T, label=label, color=color, linewidth=linewidth, alpha=alpha, zorder=4,
              solid_capstyle="round", solid_joinstyle="round")
    if text:
        place = x + scale * v + 0.09 * v / max(float(np.linalg.norm(v)), 1e-300)
        axes.text(*place, text, color=color, ha="center", va="center", zorder=6)
    return axes


def draw_field(axes: Any, points: Array, vectors: Array, *, color: str = COLORS[1], scale: float = 0.2,
               linewidth: float = 1.2) -> Any:
    """Draw a field of vectors as arrows at many points; those behind the sphere are faint.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes with a sphere.
    points, vectors : numpy.ndarray
        Points and vectors (k, 3) or (k, 3, 1).
    color, scale, linewidth
        Colour; length of the arrows per length of the vectors; width of the lines.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> plotting.draw_field(axes, np.eye(3), np.roll(np.eye(3), 1, axis=1)) is axes
    True
    """
    points, vectors = _points(points), scale * _points(vectors)
    view = _view(axes)
    gap = np.full((1, 3), np.nan)
    for is_front in (False, True):
        chosen = (points @ view >= -0.05) == is_front
        strokes = [part for x, v in zip(points[chosen], vectors[chosen]) for part in (_strokes(x, v, view), gap)]
        if strokes:
            axes.plot(*np.concatenate(strokes).T, color=color, linewidth=linewidth, alpha=1.0 if is_front else FAINT,
                      zorder=4 if is_front else 0.5, solid_capstyle="round", solid_joinstyle="round")
    return axes


def draw_tangent_plane(axes: Any, point: Array, *, size: float = 0.5, color: str = COLORS[2],
                       alpha: float = 0.25) -> Any:
    """Draw a square piece of the tangent plane at a point of the sphere.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes with a sphere.
    point : numpy.ndarray
        Three entries, of any shape.
    size : float
        Half the edge of the square.
    color, alpha
        Colour and opacity.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> plotting.draw_tangent_plane(axes, np.eye(3, 1)) is axes
    True
    """
    check_axes(axes, "space")
    x = _points(check_numbers("point", point, finite=True).reshape(1, -1))[0]
    # the complement of a QR decomposition: any orthonormal basis of the plane will do
    across = size * np.linalg.qr(x[:, None], mode="complete")[0][:, 1:].T
    corners = np.array([[x + a * across[0] + b * across[1] for b in (-1, 1)] for a in (-1, 1)])
    axes.plot_surface(*np.moveaxis(corners, -1, 0), color=color, alpha=alpha, shade=False, linewidth=0, zorder=2)
    edge = corners.reshape(4, 3)[[0, 1, 3, 2, 0]]
    axes.plot(*edge.T, color=color, linewidth=0.8, alpha=0.8, zorder=2)
    return axes


def _strokes(x: Array, v: Array, view: Array) -> Array:
    """The line of an arrow from x to x + v (k, 3); its head lies in the plane of the picture."""
    length = float(np.linalg.norm(v))
    if length == 0:
        return np.stack([x, x])
    across = np.cross(view, v / length)
    across = across / max(float(np.linalg.norm(across)), 1e-9)
    head = min(0.09, 0.35 * length)
    tip, back = x + v, -head * v / length
    return np.stack([x, tip, tip + back + 0.5 * head * across, tip, tip + back - 0.5 * head * across])


def _right(axes: Any) -> Array:
    """Unit vector to the right of the picture, from the poles as well."""
    azimuth = np.radians(axes.azim)
    return np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])


def _view(axes: Any) -> Array:
    """Unit vector from the centre of the sphere to the viewer."""
    check_axes(axes, "space")
    elevation, azimuth = np.radians(axes.elev), np.radians(axes.azim)
    return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


def _points(points: Array) -> Array:
    points = check_numbers("points", points, "(k, 3) or (k, 3, 1)", ndim=(2, 3))
    if points.ndim == 3 and points.shape[2] == 1:
        points = points[..., 0]
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"points must be in three dimensions, (k, 3) or (k, 3, 1): got {points.shape}")
    return points
