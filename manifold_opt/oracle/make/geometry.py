r"""Lift, metric and projection of the spaces on arrays of balls."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.space import DenseSpace

__all__ = ["horizontal_lift", "metric", "project"]


def horizontal_lift(space: DenseSpace, Y: Array, Delta: Array) -> Array:
    r"""The dense lift of the Riemannian metric; on the Grassmann kinds of Delta with :math:`Y^*\Delta = 0`."""
    if space.is_euclidean:
        return Delta
    if not space.is_symplectic:
        half = Delta if space.is_grassmann else Delta - Y @ (Y.T @ Delta) / 2
        return np.asarray(half @ Y.T - Y @ half.T)
    Delta = _metric_representative(space, Y, Delta) if space.is_grassmann else Delta
    J, inverse = _form(len(Y)), _inverse_gram(Y)
    rest = balls.identity(len(Y)) - J.T @ Y @ inverse @ Y.T @ J
    return np.asarray(Delta @ inverse @ Y.T + J @ Y @ inverse @ Delta.T @ rest @ J)


def metric(space: DenseSpace, Y: Array, Delta1: Array, Delta2: Array) -> Any:
    r"""The Riemannian metric :math:`\frac12\mathrm{Tr}(\Omega_1^T\Omega_2)`; the sum of products on a vector space."""
    if space.is_euclidean:
        return np.sum(Delta1 * Delta2)
    return np.sum(horizontal_lift(space, Y, Delta1) * horizontal_lift(space, Y, Delta2)) / 2


def project(space: DenseSpace, Y: Array, Z: Array) -> Array:
    """The tangent vector nearest to Z in the metric: the gradient of what the operator of the metric makes of Z."""
    if space.is_euclidean:
        return Z
    if not space.is_symplectic:
        Z = Z - Y @ (Y.T @ Z + Z.T @ Y) / 2
        return Z - Y @ (Y.T @ Z) if space.is_grassmann else Z
    return space.gradient(Y, _flat(Y, _metric_representative(space, Y, Z) if space.is_grassmann else Z))


def _form(N: int) -> Array:
    half = N // 2
    return balls.exact(np.block([[np.zeros((half, half)), np.eye(half)], [-np.eye(half), np.zeros((half, half))]]))


def _inverse_gram(Y: Array) -> Array:
    return balls.solve(Y.T @ Y, balls.identity(Y.shape[1]))


def _flat(Y: Array, Z: Array) -> Array:
    """The operator (I - J^T Y K^-1 Y^T J/2) Z K^-1, K = Y^T Y, of the right-invariant metric."""
    inverse, JtY = _inverse_gram(Y), _form(len(Y)).T @ Y
    return np.asarray((Z - JtY @ (inverse @ (JtY.T @ Z)) / 2) @ inverse)


def _metric_representative(space: DenseSpace, Y: Array, Delta: Array) -> Array:
    """Delta minus its orthogonal projection onto the vertical vectors YA, A in the algebra sp(2n), by a Gram matrix."""
    n = space.n
    vertical: list[Array] = []
    for i in range(n):
        for j in range(n):
            X = np.zeros((n, n))
            X[i, j] = 1.0
            X = X - space.adjoint(X)
            if not any(np.array_equal(X, seen) or np.array_equal(X, -seen) for seen in vertical) and X.any():
                vertical.append(X)
    fibers = [Y @ balls.exact(X) for X in vertical]
    duals = [_flat(Y, V) for V in fibers]
    gram = np.array([[np.sum(V * F) for F in duals] for V in fibers], dtype=object)
    weights = balls.solve(gram, np.array([[np.sum(F * Delta)] for F in duals], dtype=object))
    return np.asarray(Delta - sum((w[0] * V for w, V in zip(weights, fibers)), balls.zeros(*Y.shape)))
