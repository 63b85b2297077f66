"""A section is a choice of complements; somewhere it must jump. The carried one does not."""
import numpy as np

from manifold_opt import Stiefel, plotting
from manifold_opt.plotting import COLORS

SPACE = Stiefel(3, 1)


def draw_section():
    """Left the first complement vector of the library's section at many points, right one that is carried along."""
    figure, (left, right) = plotting.new_figure(2, kinds="space", size=(3.1, 3.3))
    draw_choice(left)
    draw_carried(right)
    return figure


def draw_choice(axes):
    """The first column of the complement over points of circles of latitude."""
    plotting.draw_sphere(axes, elevation=10, azimuth=-90)
    points = np.stack([np.array([[np.cos(u) * np.cos(v)], [np.sin(u) * np.cos(v)], [np.sin(v)]])
                       for v in np.pi / 9 * np.arange(-4, 5) for u in np.linspace(0, 2 * np.pi, 18, endpoint=False)])
    columns = np.stack([SPACE.global_section(Y).to_dense()[:, 1:2] for Y in points])
    plotting.draw_field(axes, points, columns, color=COLORS[2], scale=0.2)
    axes.set_title("a section, point by point")


def draw_carried(axes):
    """The same column along three geodesics, where the section is multiplied and never chosen anew."""
    plotting.draw_sphere(axes, elevation=10, azimuth=-90)
    corners = np.array([[-0.8, -0.55, -0.3], [-0.35, -0.9, 0.45], [0.25, -0.9, -0.1], [0.8, -0.5, 0.45]])[..., None]
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    section = SPACE.global_section(corners[0])
    for corner in corners[1:]:
        X = section.lift(SPACE.log(section.point, corner))
        plotting.draw_path(axes, np.stack([section.move(t * X, "geodesic").point for t in np.linspace(0, 1, 20)]))
        for t in (0.0, 0.33, 0.67):
            draw_column(axes, section.move(t * X, "geodesic"))
        section = section.move(X, "geodesic")
    draw_column(axes, section)
    plotting.draw_point(axes, corners[0], "$Y$", offset=0.17)
    plotting.draw_point(axes, section.point)
    axes.set_title("the same, carried along")


def draw_column(axes, section):
    """The first column of the complement as an arrow at the point."""
    plotting.draw_arrow(axes, section.point, section.to_dense()[:, 1], color=COLORS[2], scale=0.25, linewidth=1.4)
