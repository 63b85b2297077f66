"""Naturally reductive spaces and their curvature, in the global tangent space."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identities.algebra import bracket, horizontal_part
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "Kobayashi, Nomizu, volume II, chapter X; Edelman, Arias, Smith 1998"


@identity("curvature: naturally reductive", "<[X, Z]_hor, V> + <Z, [X, V]_hor> = 0 in the bi-invariant product",
          r"\langle[X, Z]_{hor}, V\rangle + \langle Z, [X, V]_{hor}\rangle = 0", PLACE, Bound(10),
          needs=("global_section",), where=("matrix spaces",))
def naturally_reductive(trial: Trial) -> Array:
    """With Tr(X*Z), which is the metric on quotients of O(N) and the pseudo-Riemannian metric on those of Sp(N2)."""
    X, Z, V = _elements(trial)
    sides = (_product(trial, horizontal_part(trial, bracket(X, Z)), V)
             + _product(trial, Z, horizontal_part(trial, bracket(X, V))))
    return trial.relative(sides, trial.norm(X), trial.norm(Z), trial.norm(V))


@identity("curvature: Sp(N2) is not naturally reductive in the Frobenius product",
          "Tr([X, Z]_hor^T V) + Tr(Z^T [X, V]_hor) is not 0",
          r"\mathrm{Tr}([X, Z]_{hor}^TV) + \mathrm{Tr}(Z^T[X, V]_{hor}) \ne 0", PLACE, Bound(0, q=0),
          needs=("global_section",), where=("quotients of Sp(N2)", "no Grassmann kinds"))
def not_naturally_reductive(trial: Trial) -> Array:
    """1 where the sum vanishes: then the Riemannian geodesics would be those of the pseudo-Riemannian metric."""
    X, Z, V = _elements(trial)
    sides = (trial.dot(horizontal_part(trial, bracket(X, Z)), V)
             + trial.dot(Z, horizontal_part(trial, bracket(X, V))))
    return np.asarray(np.max(abs(sides) / (trial.norm(X) * trial.norm(Z) * trial.norm(V))) < 1e-4, float)


@identity("curvature: Bianchi", "R(X, Z)V + R(Z, V)X + R(V, X)Z = 0", r"R(X, Z)V + R(Z, V)X + R(V, X)Z = 0", PLACE,
          Bound(20), needs=("global_section",), where=("matrix spaces",))
def bianchi(trial: Trial) -> Array:
    """The first Bianchi identity of the curvature of the bi-invariant product, at E."""
    X, Z, V = _elements(trial)
    total = _curvature(trial, X, Z, V) + _curvature(trial, Z, V, X) + _curvature(trial, V, X, Z)
    return trial.relative(total, trial.norm(X), trial.norm(Z), trial.norm(V))


@identity("curvature: symmetries", "<R(X, Z)V, U> = <R(V, U)X, Z> = -<R(X, Z)U, V>",
          r"\langle R(X, Z)V, U\rangle = \langle R(V, U)X, Z\rangle = -\langle R(X, Z)U, V\rangle", PLACE, Bound(20),
          needs=("global_section",), where=("matrix spaces",))
def curvature_symmetries(trial: Trial) -> Array:
    """Pair symmetry and antisymmetry, relative to the product of the norms."""
    (X, Z, V), U = _elements(trial), horizontal_part(trial, trial.algebra("U"))
    value = _product(trial, _curvature(trial, X, Z, V), U)
    pair = _product(trial, _curvature(trial, V, U, X), Z)
    opposite = _product(trial, _curvature(trial, X, Z, U), V)
    size = trial.norm(X) * trial.norm(Z) * trial.norm(V) * trial.norm(U)
    return np.maximum(trial.relative(value - pair, size), trial.relative(value + opposite, size))


@identity("curvature: not negative on quotients of O(N)", "<R(X, Z)Z, X> = 1/4 |[X, Z]_hor|^2 + |[X, Z]_ver|^2 >= 0",
          r"\langle R(X, Z)Z, X\rangle = \tfrac14\|[X, Z]_{hor}\|^2 + \|[X, Z]_{ver}\|^2", PLACE, Bound(20),
          needs=("global_section",), where=("quotients of O(N)",))
def sectional_curvature(trial: Trial) -> Array:
    """The sectional curvature against its closed form as a sum of squares."""
    X, Z, _ = _elements(trial)
    commutator = bracket(X, Z)
    horizontal = horizontal_part(trial, commutator)
    closed = 0.25 * trial.norm(horizontal) ** 2 + trial.norm(commutator - horizontal) ** 2
    value = trial.dot(_curvature(trial, X, Z, Z), X)
    return trial.relative(value - closed, trial.norm(X) ** 2, trial.norm(Z) ** 2)


def _elements(trial: Trial) -> tuple[Array, Array, Array]:
    X, Z, V = (horizontal_part(trial, trial.algebra(name)) for name in ("X", "Z'", "V"))
    return X, Z, V


def _product(trial: Trial, X: Array, Z: Array) -> Array:
    return np.asarray(np.trace(trial.adjoint(X) @ Z, axis1=-2, axis2=-1))


def _curvature(trial: Trial, X: Array, Z: Array, V: Array) -> Array:
    """R(X, Z)V of a naturally reductive space in terms of brackets."""
    def hor(U: Array) -> Array:
        return horizontal_part(trial, U)
    XZ = bracket(X, Z)
    return np.asarray(0.25 * hor(bracket(X, hor(bracket(Z, V)))) - 0.25 * hor(bracket(Z, hor(bracket(X, V))))
                      - 0.5 * hor(bracket(hor(XZ), V)) - bracket(XZ - hor(XZ), V))
