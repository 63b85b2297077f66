r"""What rests on polar factors and angles, for points of two columns, where both have closed forms on balls."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.space import DenseSpace

__all__ = ["rotation", "reflector", "inverse_cayley", "principal_angles", "logarithm"]


def rotation(space: DenseSpace, P: Array) -> Array:
    r"""The polar factor of a 2 x 2 block; on the symplectic spaces that of its part that commutes with J.

    With the cofactors C of P it is :math:`P \pm C` over a number, the sign that of the determinant.
    """
    cofactors = np.array([[P[1, 1], -P[1, 0]], [-P[0, 1], P[0, 0]]], dtype=object)
    determinant = P[0, 0] * P[1, 1] - P[0, 1] * P[1, 0]
    M = P + cofactors if space.is_symplectic or determinant > 0 else P - cofactors
    return np.asarray(M / abs(M[0, 0] * M[1, 1] - M[0, 1] * M[1, 0]).sqrt())


def reflector(space: DenseSpace, Y: Array, O: Array) -> Array:
    r"""The section :math:`H\,\mathrm{diag}(O, I)` with :math:`H = I + D(Y^*EO - I)^{-1}D^*`, :math:`D = Y - EO`."""
    EO = balls.zeros(space.N, space.n)
    EO[space.frame] = O
    D, diagonal = Y - EO, balls.identity(space.N)
    diagonal[np.ix_(space.frame, space.frame)] = O
    H = balls.identity(space.N) + D @ balls.solve(
        space.adjoint(Y) @ EO - balls.identity(space.n), space.adjoint(D))
    return np.asarray(H @ diagonal)


def inverse_cayley(space: DenseSpace, Y: Array, Q: Array) -> Array:
    r"""The tangent vector :math:`(Q - Ya)M - Y(M - M^*)`, :math:`a = Y^*Q`, :math:`M = 2(I + a)^{-1}`.

    On the Grassmann kinds Q is first replaced by QO for which :math:`Y^*QO` is the positive factor of its polar
    decomposition, and the second term is zero.
    """
    if space.is_grassmann:
        a = space.adjoint(Y) @ Q
        Q = Q @ (space.adjoint(a) / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]).sqrt() if space.is_symplectic
                 else rotation(space, a).T)
    a, E = space.adjoint(Y) @ Q, balls.identity(space.n)
    M = 2 * balls.solve(a + E, E)
    b = Q - Y @ a
    normal = (b - Y @ (space.adjoint(Y) @ b)) @ M
    return np.asarray(normal if space.is_grassmann else normal - Y @ (M - space.adjoint(M)))


def _slopes(Y: Array, Q: Array) -> tuple[Array, tuple[Any, Any]]:
    """The matrix (I - YY^T)^2 Q (Y^TQ)^-1, whose singular values are the tangents of the angles; and their squares."""
    normal = Q - Y @ (Y.T @ Q)
    normal = normal - Y @ (Y.T @ normal)
    L = balls.solve((Y.T @ Q).T, normal.T).T
    G = L.T @ L
    mean, half = (G[0, 0] + G[1, 1]) / 2, (G[0, 0] - G[1, 1]) / 2
    root = (half * half + G[0, 1] * G[1, 0]).sqrt()
    return L, ((G[0, 0] * G[1, 1] - G[0, 1] * G[1, 0]) / (mean + root), mean + root)


def principal_angles(Y: Array, Q: Array) -> Array:
    """The principal angles of two planes, ascending."""
    return np.array([square.sqrt().atan() for square in _slopes(Y, Q)[1]], dtype=object)


def logarithm(Y: Array, Q: Array) -> Array:
    r"""The tangent vector :math:`L\,g(L^TL)` of the shortest geodesic, :math:`g(x) = \arctan(\sqrt x)/\sqrt x`."""
    L, squares = _slopes(Y, Q)
    low, high = (square.sqrt().atan() / square.sqrt() for square in squares)
    slope = (high - low) / (squares[1] - squares[0])
    return np.asarray(L @ (L.T @ L * slope + balls.identity(2) * (low - slope * squares[0])))
