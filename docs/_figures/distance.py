"""How far a geodesic is the shortest curve: its length against that of the curve found between its ends."""
import warnings

import numpy as np

from manifold_opt import Grassmann, Stiefel, plotting
from manifold_opt.plotting import INK, curve_style


def draw_reach():
    """Lengths of the logarithms of points of geodesics in several directions, on St(2, 4) and on Gr(2, 4)."""
    figure, axes = plotting.new_figure(size=(5.4, 3.6))
    lengths = np.linspace(0, 1.5 * np.pi, 61)[1:]
    for number, space in enumerate((Stiefel(4, 2), Grassmann(4, 2))):
        found = np.stack([found_lengths(space, lengths, seed) for seed in range(6)])
        for k, row in enumerate(found):
            label = {Stiefel: "St(2, 4)", Grassmann: "Gr(2, 4)"}[type(space)] if k == 0 else None
            axes.plot(lengths / np.pi, row / np.pi, label=label,
                      **curve_style(number) | {"linestyle": "-", "linewidth": 0.8, "markersize": 3})
    axes.axvline(np.sqrt(0.8), color=INK, linestyle=":", linewidth=1.4, label="certified on St up to here")
    axes.set(xlabel=r"length of the geodesic / $\pi$", ylabel=r"length of the logarithm / $\pi$")
    plotting.legend(axes, loc="upper left")
    return figure


def found_lengths(space, lengths, seed):
    """The length of log(Y, Q) for the points Q of one geodesic; a gap where the iteration finds none."""
    rng, found = np.random.default_rng(seed), []
    Y = space.random_point(rng)
    Delta = space.random_tangent(rng, Y)
    Delta /= np.sqrt(space.metric(Y, Delta, Delta))
    for length in lengths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                V = space.log(Y, space.geodesic(Y, length * Delta))
            found.append(np.sqrt(space.metric(Y, V, V)))
        except ValueError:
            found.append(np.nan)
    return np.array(found)
