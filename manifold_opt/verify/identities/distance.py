"""Distances, for spaces that offer `distance(Y1, Y2)`."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "Edelman, Arias, Smith 1998, section 4.3"


@identity("distance: zero on the diagonal", "d(Y, Y) = 0", r"d(Y, Y) = 0", PLACE, Bound(10, q=0.5), needs=("distance",))
def zero(trial: Trial) -> Array:
    """Arc cosines lose half of the digits near 0, which the bound allows."""
    return np.asarray(abs(trial.space.distance(trial.Y, trial.Y)))


@identity("distance: symmetric", "d(Y1, Y2) = d(Y2, Y1)", r"d(Y_1, Y_2) = d(Y_2, Y_1)", PLACE, Bound(10, q=0.5),
          needs=("distance",))
def symmetric(trial: Trial) -> Array:
    """For two points of which one is near the other, or random where there are no geodesics."""
    other = _near(trial)
    d = trial.space.distance
    return np.asarray(abs(d(trial.Y, other) - d(other, trial.Y)))


@identity("distance: separates points", "d(Y1, Y2) > 0 for Y1 != Y2, orthogonal planes included", r"d(Y_1, Y_2) > 0",
          PLACE, Bound(0, q=0), needs=("distance",), where=("of positive dimension",))
def separates(trial: Trial) -> Array:
    """1 where different points have no distance: near ones, and columns of E that are orthogonal to each other.

    Compared with the Frobenius norm of their difference, since random numbers may lie close together.
    """
    pairs = [(trial.Y, _near(trial))]
    if trial.adjoint is not None and trial.N >= 2 * trial.shape[1]:
        n = trial.shape[1]
        identity_matrix = np.eye(trial.N, dtype=trial.dtype)
        frame = identity_matrix[:, trial.adjoint.frame(trial.N, n)]
        other = identity_matrix[:, trial.adjoint.complement(trial.N, n)]
        pairs.append((frame, other[:, trial.adjoint.frame(trial.N - n, n)]))
    axes = tuple(range(-len(trial.shape), 0))
    return np.asarray([float(np.any(_distance_or_infinity(trial, Y1, Y2)
                                    <= trial.eps**0.5 * np.sqrt(np.sum((Y1 - Y2) ** 2, axis=axes))))
                       for Y1, Y2 in pairs])


@identity("distance: length of short geodesics", "d(Y, geodesic(Y, t Delta)) = t |Delta|",
          r"d(Y, \gamma(t)) = t\|\Delta\|", PLACE, Bound(10, q=0.5), needs=("distance", "geodesic", "metric"))
def length(trial: Trial) -> Array:
    """With t |Delta| = 0.1."""
    Y = trial.Y
    Delta = trial.Delta * trial.dtype.type(0.1 / max(trial.scale, 1e-30))
    expected = np.sqrt(trial.space.metric(Y, Delta, Delta))
    return np.asarray(abs(trial.space.distance(Y, trial.space.geodesic(Y, Delta)) - expected))


def _near(trial: Trial) -> Array:
    """Points at a distance of at most 1 where the space has geodesics, within every injectivity radius; else random."""
    if not trial.offers("geodesic"):
        return trial.points("other", trial.batch)
    return np.asarray(trial.space.geodesic(trial.Y, trial.Delta / trial.dtype.type(max(1.0, trial.scale))))


def _distance_or_infinity(trial: Trial, Y1: Array, Y2: Array) -> Array:
    """The distance; infinity where a space refuses points that are too far apart for it to be known."""
    try:
        return np.asarray(trial.space.distance(Y1, Y2))
    except ValueError:
        return np.asarray(np.inf)
