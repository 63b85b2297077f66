"""The distribution of the random points."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import REALS, squared, transposed
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__ = ["DRAWS"]

PLACE = "F. Mezzadri, Notices of the AMS 54 (2007), 592-604"
DRAWS = 1000
"""Number of points of which moments are taken; the bounds are in standard errors of their means."""


@identity("sampling: mean", "E[Y] = 0", r"E[Y] = 0", PLACE, Bound(6, q=0),
          where=("on O(N) or flat", "no Grassmann kinds", "small"))
def mean(trial: Trial) -> Array:
    """In standard errors: points from a QR factor without the sign fix have Y_11 < 0 always."""
    Y = _draw(trial)
    return np.asarray(abs(Y.mean(axis=0)).max() / (_deviation(trial) / np.sqrt(DRAWS)))


@identity("sampling: second moments", "E[Y Y^T] = n/N I (of the entries: 1 on vector spaces)", r"E[YY^T] = \tfrac nNI",
          PLACE, Bound(6, q=0), where=("on O(N) or flat", "small"))
def second_moments(trial: Trial) -> Array:
    """In standard errors, measured on the sample (with a floor for quantities that are constant, as for n = N)."""
    Y = _draw(trial)
    if trial.adjoint is None:
        products, expected = squared(Y), np.ones(trial.shape)
    else:
        products, expected = Y @ transposed(Y), trial.shape[1] / trial.N * np.eye(trial.N)
    error = np.maximum(products.std(axis=0), 1e-4) / np.sqrt(DRAWS)
    return np.asarray(np.max(abs(products.mean(axis=0) - expected) / error))


@identity("sampling: columns are alike", "E[Y_ij^4] = 3 / (N (N + 2)), complex E[|Y_ij|^4] = 2 / (N (N + 1))",
          r"E[Y_{ij}^4] = \tfrac3{N(N + 2)},\ E[|Y_{ij}|^4] = \tfrac2{N(N + 1)}", PLACE, Bound(6, q=0),
          where=("quotients of O(N)", "no Grassmann kinds", "small"))
def fourth_moments(trial: Trial) -> Array:
    """In standard errors, for every entry."""
    fourth, part = np.abs(_draw(trial)) ** 4, 2 / REALS[trial.space.group.field]
    error = np.maximum(fourth.std(axis=0), 1e-4) / np.sqrt(DRAWS)
    return np.asarray(np.max(abs(fourth.mean(axis=0) - (1 + part) / (trial.N * (trial.N + part))) / error))


@identity("sampling: condition number as asked", "cond(Y) = cond", r"\kappa(Y) = \kappa", "Bendokat, Zimmermann 2021",
          Bound(10, p=1), where=("quotients of Sp(N2)",))
def condition(trial: Trial) -> Array:
    """The ratio of the condition numbers of the points to the one asked for, less 1."""
    return np.asarray(abs(np.linalg.cond(trial.Y) / trial.cond - 1))


def _draw(trial: Trial) -> Array:
    points = trial.points("moments", (DRAWS,))
    return points.astype(np.result_type(points.dtype, np.float64), copy=False)


def _deviation(trial: Trial) -> float:
    """Standard deviation of an entry."""
    return 1.0 if trial.adjoint is None else float(1 / np.sqrt(trial.N))
