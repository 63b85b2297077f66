"""The geodesic against the Cayley transform: how far they turn, and how fast they part."""
import numpy as np

from manifold_opt import Stiefel, plotting
from manifold_opt.plotting import INK, curve_style


def draw_retractions():
    """Left the angle turned on the circle, right the distance of both points on St(3, 9)."""
    figure, (left, right) = plotting.new_figure(2, size=(3.6, 3.2))
    draw_angles(left)
    draw_parting(right)
    return figure


def draw_angles(axes):
    """The angle by which a step of length t turns a point of the circle St(1, 2)."""
    circle, E = Stiefel(2, 1), np.eye(2, 1)
    t = np.linspace(0, 3 * np.pi, 121)
    for number, (name, retract) in enumerate([("geodesic", circle.geodesic), ("Cayley", circle.cayley)]):
        ends = np.stack([retract(E, np.array([[0.0], [s]])) for s in t])
        angles = np.unwrap(np.arctan2(ends[:, 1, 0], ends[:, 0, 0]))
        axes.plot(t / np.pi, angles / np.pi, label=name, **curve_style(number) | {"marker": None, "linewidth": 2})
    axes.axhline(1, color=INK, linestyle=":", linewidth=1.2, label="antipode")
    axes.set(xlabel=r"length of the step / $\pi$", ylabel=r"angle turned / $\pi$", title="on the circle")
    plotting.legend(axes, loc="upper left")


def draw_parting(axes):
    """The distance between the geodesic and the Cayley transform of the same velocity."""
    space, rng = Stiefel(9, 3), np.random.default_rng(3)
    Y = space.random_point(rng)
    Delta = space.random_tangent(rng, Y)
    Delta /= np.sqrt(space.metric(Y, Delta, Delta))
    t = 2.0 ** -np.arange(0, 18)
    gaps = np.array([np.linalg.norm(space.geodesic(Y, s * Delta) - space.cayley(Y, s * Delta)) for s in t])
    plotting.draw_slopes(axes, t, {"geodesic − Cayley": gaps}, {"geodesic − Cayley": 3}, floor=np.finfo(float).eps,
                         xlabel="length of the step", ylabel="distance", title="on St(3, 9)")
