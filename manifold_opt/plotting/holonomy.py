"""A vector that is carried around a triangle of the sphere and does not come back to itself."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.plotting.border import check_numbers
from manifold_opt.plotting.sphere import draw_arrow, draw_path, draw_point
from manifold_opt.plotting.style import COLORS
from manifold_opt.spaces import Stiefel

__all__ = ["draw_holonomy"]


def draw_holonomy(axes: Any, corners: Array, vector: Array, *, arrows: int = 4, scale: float = 0.4) -> Any:
    """Draw a closed path of geodesics on the sphere, and a tangent vector that is parallel along it.

    The vector is drawn along the way and once more at the end, in another color: on the sphere it has been turned by
    the area that the path encloses.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.Axes3D
        Axes with a sphere.
    corners : numpy.ndarray
        Unit vectors (k, 3) or (k, 3, 1), no two neighbors opposite to each other.
    vector : numpy.ndarray
        Tangent vector at the first corner, of any shape with three entries.
    arrows : int
        Number of arrows on each side.
    scale : float
        Length of the arrows per length of the vector.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Raises
    ------
    ValueError
        If a corner is not on the sphere, or the vector is not tangent.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import plotting
    >>> figure, axes = plotting.new_figure(kinds="space")
    >>> plotting.draw_holonomy(plotting.draw_sphere(axes), np.eye(3), np.array([0.0, 0.0, 1.0])) is axes
    True
    """
    sphere = Stiefel(3, 1)
    points = check_numbers("corners", corners, "(k, 3) or (k, 3, 1)", ndim=(2, 3), finite=True)
    points = sphere.check_point(points.reshape(len(points), -1, 1), "corners")
    carried = sphere.check_tangent(points[0], check_numbers("vector", vector, finite=True).reshape(-1, 1), "vector")
    for Y, Q in zip(points, np.roll(points, -1, axis=0)):
        Delta = sphere.log(Y, Q)
        draw_path(axes, np.stack([sphere.geodesic(Y, t * Delta) for t in np.linspace(0, 1, 40)]), color=COLORS[0])
        for t in np.arange(arrows) / arrows:
            draw_arrow(axes, sphere.geodesic(Y, t * Delta), sphere.parallel_transport(Y, t * Delta, carried),
                       color=COLORS[2], scale=scale, linewidth=1.2)
        carried = sphere.parallel_transport(Y, Delta, carried)
    draw_arrow(axes, points[0], vector, color=COLORS[2], scale=scale)
    draw_arrow(axes, points[0], carried, color=COLORS[1], scale=scale)
    return draw_point(axes, points[0], "")
