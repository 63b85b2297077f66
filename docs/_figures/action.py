"""The group acts on the sphere: a path of rotations moves E to Y; and the fiber: all rotations that do."""
import numpy as np

from manifold_opt import OrthogonalGroup, Stiefel, plotting
from manifold_opt.plotting import COLORS

SPACE = Stiefel(3, 1)
POINT = np.array([[0.75], [0.35], [0.56]]) / np.linalg.norm([0.75, 0.35, 0.56])


def draw_action():
    """Left the action of exp(tX), right the complements that one point can have."""
    figure, (left, right) = plotting.new_figure(2, kinds="space", size=(3.1, 3.3))
    draw_orbit(left)
    draw_fiber(right)
    return figure


def draw_orbit(axes):
    """Orbits of the rotations exp(tX) with their velocities, and the path from E to Y."""
    plotting.draw_sphere(axes, elevation=12, azimuth=62)
    E, group = SPACE.canonical_point(), OrthogonalGroup(3)
    Omega = SPACE.horizontal_lift(E, SPACE.log(E, POINT))
    axis = np.linalg.svd(Omega)[2][2][:, None]
    turn = np.stack([group.exp(t * Omega / np.linalg.norm(Omega, 2)) for t in np.linspace(0, 2 * np.pi, 49)])
    for angle in np.pi / 6 * np.array([-2, -1, 1, 2]):
        points = turn @ (np.cos(angle) * E + np.sin(angle) * axis)
        plotting.draw_path(axes, points, color=COLORS[2], linewidth=0.8)
        plotting.draw_field(axes, points[1::6], Omega @ points[1::6], color=COLORS[2], scale=0.35)
    path = np.stack([group.exp(t * Omega) @ E for t in np.linspace(0, 1, 40)])
    plotting.draw_path(axes, path)
    plotting.draw_point(axes, E, "$E$")
    plotting.draw_point(axes, POINT, "$Y$", offset=0.16)
    axes.set_title(r"action: $Y = \exp(X)E$")


def draw_fiber(axes):
    """Some of the complements of Y: each completes Y to another group element."""
    plotting.draw_sphere(axes, elevation=20, azimuth=20)
    plotting.draw_tangent_plane(axes, POINT, size=0.55)
    Lambda = SPACE.global_section(POINT).to_dense()
    for number, angle in enumerate(np.linspace(0, 2 * np.pi, 12, endpoint=False)):
        across = Lambda[:, 1] * np.cos(angle) + Lambda[:, 2] * np.sin(angle)
        bold = number in (0, 3)
        plotting.draw_arrow(axes, POINT, across, color=COLORS[1] if bold else COLORS[2], scale=0.5,
                            linewidth=2.2 if bold else 0.9)
    plotting.draw_point(axes, POINT)
    axes.set_title(r"fiber: all $\Lambda = [Y, Y_\perp]$")
