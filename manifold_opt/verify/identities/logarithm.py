"""The logarithm, for spaces that offer `log(Y, Q)`."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "Zimmermann 2017; Edelman, Arias, Smith 1998"


@identity("log: inverse of the geodesic", "log(Y, geodesic(Y, Delta)) = Delta", r"\log_Y\exp_Y(\Delta) = \Delta", PLACE,
          Bound(50), needs=("log", "geodesic"))
def inverse_of_geodesic(trial: Trial) -> Array:
    """For |Delta| of at most 1, within every injectivity radius; absolute, since close points differ by rounding."""
    Delta = trial.Delta / trial.dtype.type(max(1.0, trial.scale))
    return trial.norm(trial.space.log(trial.Y, trial.space.geodesic(trial.Y, Delta)) - Delta)


@identity("log: its length is the distance", "|log(Y, Q)| = d(Y, Q)", r"\|\log_YQ\| = d(Y, Q)", PLACE, Bound(50),
          needs=("log", "geodesic", "distance", "metric"))
def length_is_distance(trial: Trial) -> Array:
    """For the end Q of a geodesic of length at most 1."""
    Q = trial.space.geodesic(trial.Y, trial.Delta / trial.dtype.type(max(1.0, trial.scale)))
    Delta = trial.space.log(trial.Y, Q)
    return np.asarray(abs(np.sqrt(trial.space.metric(trial.Y, Delta, Delta)) - trial.space.distance(trial.Y, Q)))
