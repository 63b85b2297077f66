"""Two connections: the one that a carried section is parallel in, and that of Levi-Civita."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.tangent import ReductiveTangentSpace
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__: list[str] = []

PLACE = "Kobayashi, Nomizu, volume II, chapter X"
NEEDS = ("parallel_transport", "geodesic", "global_section")


@identity("connection: what a section carries is not parallel without torsion",
          "D/dt Lambda exp(tX) W E = 1/2 [X, W]_hor, D of the bi-invariant metric",
          r"\tfrac{D}{dt}\Lambda e^{tX}WE = \tfrac12\Lambda[X, W]_{hor}E", PLACE, Bound(40, p=2), needs=NEEDS,
          where=("matrix spaces",))
def derivative(trial: Trial) -> Array:
    """At t = 0, with the Christoffel function of the metric in the embedding, relative to both lengths."""
    star, Y, Delta, Z = trial.adjoint, trial.Y, trial.Delta, trial.Delta2
    Lambda, X, W = trial.Lambda(), trial.W, trial.W2
    E = trial.space.canonical_point(trial.dtype)
    slope = Lambda @ (X.to_dense() @ (W.to_dense() @ E))
    normal_Z, normal_Delta = Z - Y @ (star(Y) @ Z), Delta - Y @ (star(Y) @ Delta)
    christoffel = 0.5 * (Delta @ star(Z) + Z @ star(Delta)) @ Y
    christoffel += 0.5 * Y @ (star(Delta) @ normal_Z + star(Z) @ normal_Delta)
    covariant = trial.space.tangent_space.drop_vertical(Y, slope + christoffel)
    expected = trial.section("transported").push(0.5 * X.space.bracket(X, W))
    return trial.relative(covariant - expected, trial.sigma**2, _length(trial) ** 2)


@identity("connection: products are kept", "<P Z, P U> = <Z, U> in both connections", r"\langle PZ, PU\rangle = "
          r"\langle Z, U\rangle", PLACE, Bound(100), needs=(*NEEDS, "metric"), where=("quotients of O(N)",))
def isometry(trial: Trial) -> Array:
    """Relative to the lengths; a way of length l is gone in l pieces."""
    Y, Delta, Z = trial.Y, trial.Delta, trial.Delta2
    moved, residuals = trial.space.geodesic(Y, Delta), []
    for connection in ("canonical", "levi_civita"):
        one, other = (trial.space.parallel_transport(Y, Delta, U, connection) for U in (Delta, Z))
        residuals.append(abs(trial.space.metric(moved, one, other) - trial.space.metric(Y, Delta, Z)))
    return np.asarray(np.max(residuals, axis=0) / (_length(trial) ** 2 * (1 + _length(trial))))


@identity("connection: undone by the way back", "P(-) P(+) Z = Z in both connections", r"P_{-}P_{+}Z = Z", PLACE,
          Bound(100), needs=NEEDS, where=("on O(N) or flat",))
def way_back(trial: Trial) -> Array:
    """From the end of the geodesic along its velocity turned round; the velocity itself is parallel in both."""
    Y, Delta, Z, residuals = trial.Y, trial.Delta, trial.Delta2, []
    moved = trial.space.geodesic(Y, Delta)
    for connection in ("canonical", "levi_civita"):
        velocity, carried = (trial.space.parallel_transport(Y, Delta, U, connection) for U in (Delta, Z))
        back = trial.space.parallel_transport(moved, -velocity, carried, connection)
        residuals.append(trial.relative(back - Z, np.maximum(trial.norm(Z), 1e-30), 1 + _length(trial)))
    return np.asarray(np.max(residuals, axis=0))


@identity("connection: both connections are one on the Grassmann kinds", "[g_hor, g_hor]_hor = 0",
          r"[\mathfrak g^{hor}, \mathfrak g^{hor}]_{hor} = 0", PLACE, Bound(10), needs=NEEDS,
          where=("matrix spaces", "Grassmann kinds"))
def same_on_grassmann(trial: Trial) -> Array:
    """Relative to the length of the vector that is carried."""
    one, other = _both(trial)
    return trial.relative(one - other, np.maximum(trial.norm(trial.Delta2), 1e-30))


@identity("connection: the connections differ on Stiefel", "[X, W]_hor is not 0", r"[X, W]_{hor} \ne 0", PLACE,
          Bound(0, q=0), needs=NEEDS, where=("quotients of O(N)", "no Grassmann kinds", "of positive dimension"))
def differ_on_stiefel(trial: Trial) -> Array:
    """1 where the brackets of all pairs of random directions vanish."""
    space = trial.space.tangent_space
    if not isinstance(space, ReductiveTangentSpace) or trial.shape[1] == 1 or space.dimension < 3:
        raise NotCovered("for Stiefel manifolds of more than one column")
    X, W = (space.random(trial.rng(name), (8,), trial.dtype) for name in ("X of a bracket", "W of a bracket"))
    return np.full(trial.batch, float(np.max(space.bracket(X, W).norm()) < 1e-3))


def _both(trial: Trial) -> tuple[Any, Any]:
    """Delta2 carried along Delta in either connection."""
    one, other = (trial.space.parallel_transport(trial.Y, trial.Delta, trial.Delta2, connection)
                  for connection in ("canonical", "levi_civita"))
    return one, other


def _length(trial: Trial) -> float:
    """The length of the tangent vectors of the trial."""
    return max(trial.scale, 1e-30)
