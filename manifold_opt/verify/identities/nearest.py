"""The nearest point, with which a training starts from given weights."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "Higham 2008, theorem 8.4"


@identity("nearest point: on the space", "nearest(M)* nearest(M) = I", r"\pi(M)^*\pi(M) = I", PLACE, Bound(20),
          needs=("nearest_point", "point_defect"))
def on_the_space(trial: Trial) -> Array:
    """For arrays near a point, relative to its squared norm."""
    return np.asarray(trial.space.point_defect(trial.space.nearest_point(_near(trial))) / trial.sigma**2)


@identity("nearest point: a point is its own", "nearest(Y) = Y", r"\pi(Y) = Y", PLACE, Bound(20, p=2),
          needs=("nearest_point",))
def idempotent(trial: Trial) -> Array:
    """Relative to the norm of the point; the equation Y*Y = I is known to eps |Y|^2 only."""
    return trial.relative(trial.space.nearest_point(trial.Y) - trial.Y, np.maximum(trial.sigma, 1.0))


@identity("nearest point: the rest is normal", "<M - nearest(M), Delta> = 0 for tangent Delta at nearest(M)",
          r"\langle M - \pi(M), \Delta\rangle = 0", PLACE, Bound(50, p=2), needs=("nearest_point", "project_tangent"))
def normal(trial: Trial) -> Array:
    """Relative to the norms of M and of the array whose projection Delta is."""
    M = _near(trial)
    Y = trial.space.nearest_point(M)
    Z = trial.normal("direction", trial.shape)
    product = trial.dot(M - Y, trial.space.project_tangent(Y, Z))
    return np.asarray(abs(product) / np.maximum(trial.norm(M) * trial.norm(Z), 1e-30))


def _near(trial: Trial) -> Array:
    """The point with an error of norm 0.01."""
    error = trial.normal("error", trial.shape)
    return np.asarray(trial.Y + error * trial.expand(0.01 / np.maximum(trial.norm(error), 1e-30)))
