r"""The logarithm on Stiefel manifolds with the canonical metric, for points of two columns.

The added columns of the rotation of the matrix-algebraic algorithm have one angle then, which is a proven root.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.roots import determinant, matrix_root, root

__all__ = ["nearest_isometry", "rotation_logarithm", "stiefel_logarithm"]

SURE_LENGTH = 0.894 * np.pi
"""Below this a geodesic of a Stiefel manifold is the only shortest one."""


def nearest_isometry(M: Array) -> Array:
    r"""The polar factor :math:`M(M^TM)^{-1/2}` of a matrix of full column rank."""
    return np.asarray(balls.solve(matrix_root(M.T @ M), M.T).T)


def rotation_logarithm(V: Array) -> Array:
    r"""The logarithm of a rotation of three or four dimensions with angles below :math:`\pi`.

    It is :math:`Sh(C)` with the skew part S and the symmetric part C of V, and :math:`h(\cos\theta) =
    \theta/\sin\theta`, interpolated at the two eigenvalues of C.
    """
    S, C = (V - V.T) / 2, (V + V.T) / 2
    if len(V) == 3:
        angle = ((np.trace(C) - 1) / 2).acos()
        return np.asarray(S * (angle / angle.sin()))
    total, squares = np.trace(C) / 2, np.sum(C * C) / 2
    spread = (2 * squares - total * total).sqrt()
    cosines = (total - spread) / 2, (total + spread) / 2
    low, high = (c.acos() / (1 - c * c).sqrt() for c in cosines)
    slope = (high - low) / spread
    return np.asarray(S @ (C * slope + balls.identity(4) * (low - slope * cosines[0])))


def stiefel_logarithm(Y: Array, Q: Array) -> tuple[Array, Any]:
    """The tangent vector at Y of the shortest geodesic to Q, and its length; both points are made isometries first."""
    Y, Q = nearest_isometry(Y), nearest_isometry(Q)
    a, b = Y.T @ Q, Q - Y @ (Y.T @ Q)
    frame = _orthonormal(b, min(2, len(Y) - 2))
    M = np.concatenate([a, frame.T @ b])
    X = rotation_logarithm(_completed(M))
    A, B = X[:2, :2], X[2:, :2]
    length = (np.sum(A * A) / 2 + np.sum(B * B)).sqrt()
    if not length < SURE_LENGTH:
        raise ArithmeticError(f"the geodesic must be shorter than {SURE_LENGTH}: got {length.str(5)}")
    return np.asarray(Y @ A + frame @ B), length


def _completed(M: Array) -> Array:
    """The rotation with given first columns whose logarithm has no complement block."""
    rest = np.asarray(balls.identity(len(M)) - M @ M.T)
    rest = _orthonormal(rest[:, 2:], len(M) - 2)
    if determinant(np.concatenate([M, rest], axis=1)) < 0:
        rest = rest * np.array([1] * (len(M) - 3) + [-1], dtype=object)
    if len(M) == 3:
        return np.concatenate([M, rest], axis=1)

    def turned(angle: Any) -> Array:
        c, s = angle.cos(), angle.sin()
        return np.concatenate([M, rest @ np.array([[c, -s], [s, c]], dtype=object)], axis=1)

    # to begin with, the last block is symmetric and positive
    D = balls.midpoints(rest[2:])
    start = float(np.arctan2(D[0, 1] - D[1, 0], D[0, 0] + D[1, 1]))
    return turned(root(lambda angle: rotation_logarithm(turned(angle))[3, 2], start))


def _orthonormal(X: Array, count: int) -> Array:
    """An orthonormal basis of the span of the columns, by Gram and Schmidt."""
    basis: list[Array] = []
    for x in X.T[:count]:
        for e in basis:
            x = x - e * np.sum(e * x)
        basis.append(x / np.sum(x * x).sqrt())
    return np.array(basis, dtype=object).T
