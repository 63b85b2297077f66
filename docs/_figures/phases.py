"""The first step of Adam for complex entries: every entry keeps its phase and gets the length of the rate."""
import numpy as np

from manifold_opt import Adam, ComplexStiefel, plotting
from manifold_opt.plotting import COLORS, INK, MARKERS


def draw_phases():
    """Left the entries of B of a gradient in the complex plane, right those of the negative velocity, eta = 0.1."""
    space, rng = ComplexStiefel(6, 2), np.random.default_rng(5)
    section = space.global_section(space.random_point(rng))
    X = section.lift_gradient(rng.normal(size=(6, 2)) + 1j * rng.normal(size=(6, 2)))
    W, _ = Adam(0.1).update(X, Adam(0.1).init(X), 1)
    figure, (left, right) = plotting.new_figure(2, size=(3.2, 3.3))
    draw_entries(left, X.B, "gradient")
    draw_entries(right, -W.B, r"$-W$ of the first step, $\eta = 0.1$")
    turns = np.linspace(0, 2 * np.pi, 181)
    right.plot(0.1 * np.cos(turns), 0.1 * np.sin(turns), color=INK, linewidth=0.8, linestyle=":")
    return figure


def draw_entries(axes, B, title):
    """Lines from zero to each of the entries."""
    for k, b in enumerate(B.ravel()):
        axes.plot([0, b.real], [0, b.imag], color=COLORS[k % 5], linewidth=1.2, marker=MARKERS[k % 6], markevery=[1],
                  markersize=5, linestyle="-" if k < 5 else "--")
    limit = 1.15 * np.abs(B).max()
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xlabel="real part", ylabel="imaginary part",
             title=title)
