"""What non-compactness does: steps that grow, a pole, and circles that become needles."""
import numpy as np

from manifold_opt import Stiefel, SymplecticStiefel, plotting
from manifold_opt.plotting import COLORS, INK, curve_style
from manifold_opt.sections import RetractionError

STRETCH, TURN = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [-1.0, 0.0]])
"""Two elements of the algebra of Sp(2): the first has real eigenvalues, the second imaginary ones."""


def draw_growth():
    """Left the norms of points after steps of growing length, right images of the unit circle."""
    figure, (left, right) = plotting.new_figure(2, size=(3.6, 3.3))
    draw_norms(left)
    draw_images(right)
    return figure


def draw_norms(axes):
    """The norm of the point after a step of length t from I, which on O(2) is the same for every t."""
    plane, rotations, I = SymplecticStiefel(2, 2), Stiefel(2, 2), np.eye(2)
    t = np.linspace(0, 4, 201)
    for number, (name, step) in enumerate([
            ("Sp(2), geodesic", lambda s: plane.geodesic(I, s * STRETCH)),
            ("Sp(2), Cayley", lambda s: plane.cayley(I, s * STRETCH)),
            ("O(2), both", lambda s: rotations.geodesic(I, s * TURN))]):
        style = curve_style(number) | {"marker": None, "linewidth": 2}
        axes.semilogy(t, [norm(step, s) for s in t], label=name, **style)
    axes.axvline(2, color=INK, linewidth=1, linestyle=":")
    axes.set(xlabel="length of the step $t$", ylabel="norm of the point", ylim=(0.7, 300),
             title="growth, and a pole at 2")
    plotting.legend(axes, loc="upper left")


def norm(step, t):
    """The spectral norm of the point that a step leads to; a gap where the step is refused."""
    try:
        return np.linalg.norm(step(t), 2)
    except RetractionError:
        return np.nan


def draw_images(axes):
    """The unit circle under geodesics of SymplecticStiefel(2, 2): areas stay, shapes do not."""
    plane, angles = SymplecticStiefel(2, 2), np.linspace(0, 2 * np.pi, 181)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    for number, t in enumerate((0.0, 0.4, 0.8, 1.2)):
        image = plane.geodesic(np.eye(2), t * STRETCH) @ circle
        axes.plot(*image, label=f"$t = {t:g}$", **curve_style(number) | {"marker": None, "linewidth": 1.8})
    axes.plot(0, 0, ".", color=COLORS[5], markersize=3)
    axes.set(aspect="equal", xlim=(-3.6, 3.6), ylim=(-2.7, 3.3), xlabel="position", ylabel="momentum",
             title="one area, ever longer")
    plotting.legend(axes, loc="upper center", ncols=2)
