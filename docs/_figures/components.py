"""The two halves of O(2): what they do to a letter, and what a method that starts in one of them sees."""
import numpy as np

from manifold_opt import Gradient, Optimizer, Stiefel, plotting
from manifold_opt.plotting import COLORS, INK, curve_style

LETTER = np.array([[0.0, 0.0, 0.62, np.nan, 0.0, 0.45], [-0.6, 0.6, 0.6, np.nan, 0.05, 0.05]]) - [[0.2], [0.0]]
"""The strokes of an F, which no rotation takes to its mirror image."""
MIRROR = np.diag([1.0, -1.0])


def draw_halves():
    """Left the letter under elements of both halves, right the Procrustes loss over both."""
    figure, (left, right) = plotting.new_figure(2, size=(3.6, 3.3), kinds=("picture", "plain"))
    draw_letters(left)
    draw_losses(right)
    return figure


def rotation(angle):
    """The rotation of the plane by an angle."""
    return Stiefel(2, 2).geodesic(np.eye(2), angle * np.array([[0.0, -1.0], [1.0, 0.0]]))


def draw_letters(axes):
    """Images of an F on two circles: rotated on the left one, mirrored and rotated on the right one."""
    for number, (center, half, name) in enumerate([(-2.6, np.eye(2), r"$\det = 1$"), (2.6, MIRROR, r"$\det = -1$")]):
        turns = np.linspace(0, 2 * np.pi, 91)
        axes.plot(center + 1.7 * np.cos(turns), 1.7 * np.sin(turns), color=INK, linewidth=0.8)
        for angle in np.pi / 4 * np.arange(8):
            place = np.array([[center + 1.7 * np.cos(angle)], [1.7 * np.sin(angle)]])
            axes.plot(*(place + 0.75 * rotation(angle) @ half @ LETTER), color=COLORS[number], linewidth=2.2,
                      solid_joinstyle="miter")
        axes.text(center, 0, name, ha="center", va="center", color=INK)
    axes.set(xlim=(-5.1, 5.1), ylim=(-2.6, 2.6))
    axes.set_title("no path from one circle to the other")


def draw_losses(axes):
    """The loss with a mirrored target over the angle, and gradient descent from a start in each half."""
    A = np.random.default_rng(2).normal(size=(2, 6))
    target = rotation(2.2) @ MIRROR @ A
    angles = np.linspace(-np.pi, np.pi, 181)
    for number, (half, name) in enumerate([(np.eye(2), r"$\det = 1$"), (MIRROR, r"$\det = -1$")]):
        losses = [np.sum((rotation(angle) @ half @ A - target) ** 2) for angle in angles]
        axes.plot(angles / np.pi, losses, label=name, **curve_style(number) | {"marker": None, "linewidth": 2})
        space = Stiefel(2, 2)
        optimizer, R = Optimizer(Gradient(0.004), space), half
        state, path = optimizer.init(R), [R]
        for _ in range(60):
            R, state = optimizer.step(R, 2 * (R @ A - target) @ A.T, state)
            path.append(R)
        turned = np.array([np.arctan2((M @ half)[1, 0], (M @ half)[0, 0]) for M in path])
        losses = [np.sum((M @ A - target) ** 2) for M in path]
        axes.plot(turned / np.pi, losses, ".", color=COLORS[number], markersize=7)
    axes.set(xlabel=r"angle / $\pi$", ylabel="loss", title="each start stays in its half")
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    plotting.legend(axes, loc="upper left", ncols=2)
