"""Roots with proofs: of a function of one ball, by a change of sign, and of a positive definite matrix."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.balls import Unproven

__all__ = ["determinant", "matrix_root", "root"]

MOST_STEPS = 100


def root(function: Callable[[Any], Any], start: float) -> Any:
    """The ball around a root near `start`, of half as many bits as balls have: the signs at its ends differ.

    >>> from manifold_opt.oracle.make import balls
    >>> from manifold_opt.oracle.make.roots import root
    >>> with balls.precision():
    ...     bool(balls.rounded(root(lambda x: x * x - 2, 1.5)) == 2**0.5)
    True
    """
    radius = flint.arb(2) ** -(flint.ctx.prec // 2)
    previous, x = flint.arb(start), flint.arb(start) + flint.arb(2)**-10
    before = function(previous)
    for _ in range(MOST_STEPS):
        value = function(x)
        slope = ((value - before) / (x - previous)).mid()
        if slope == 0:
            break
        previous, before, x = x, value, (x - value / slope).mid()
        if abs(x - previous) < radius / 2**20:
            break
    low, high = function(x - radius), function(x + radius)
    if not (low < 0 < high or high < 0 < low):
        raise Unproven(f"the signs at the ends of a ball must differ: got {low.str(5)} and {high.str(5)}")
    return flint.arb(x.mid(), radius)


def matrix_root(G: Array) -> Array:
    r"""The positive definite root of a symmetric positive definite matrix.

    Newton steps in the basis of the eigenvectors give a symmetric S, positive definite by its leading minors, and then
    :math:`|G^{1/2} - S| \leq |G - S^2|/\lambda_{\min}(S) \leq |G - S^2|\,|S^{-1}|` in the Frobenius norm.

    Source: J. L. van Hemmen and T. Ando, "An inequality for trace ideals", Communications in Mathematical Physics 76,
    1980, proposition 3.2.

    >>> from manifold_opt.oracle.make import balls
    >>> from manifold_opt.oracle.make.roots import matrix_root
    >>> with balls.precision():
    ...     S = matrix_root(balls.exact([[3.0, 1.0, 2.0], [1.0, 4.0, 1.0], [2.0, 1.0, 5.0]]))
    ...     balls.rounded(S @ S).tolist()
    [[3.0, 1.0, 2.0], [1.0, 4.0, 1.0], [2.0, 1.0, 5.0]]
    """
    G = (G + G.T) / 2
    eigenvalues, V = np.linalg.eigh(balls.midpoints(G))
    roots, V, middle = np.sqrt(eigenvalues), balls.exact(V), balls.centers(G)
    sums = balls.exact(roots[:, None] + roots)
    S = V @ (balls.exact(np.diag(roots)) @ V.T)
    for _ in range(20):
        # the solution E of SE + ES = G - SS, to the sixteen digits of V: so many are won in each step
        S = balls.centers(S + V @ ((V.T @ (middle - S @ S) @ V) / sums) @ V.T)
        S = balls.centers(S + S.T) / 2
    if not all(determinant(S[:size, :size]) > 0 for size in range(1, len(S) + 1)):
        raise Unproven("the root of a matrix must be positive definite: the matrix is not, or is nearly singular")
    rest, inverse = G - S @ S, balls.solve(S, balls.identity(len(S)))
    error = (np.sum(rest * rest) * np.sum(inverse * inverse)).abs_upper().sqrt()
    return np.asarray(S + flint.arb(0, error.abs_upper()))


def determinant(M: Array) -> Any:
    """The determinant along the first row."""
    if len(M) == 1:
        return M[0, 0]
    return sum((-1)**j * M[0, j] * determinant(np.delete(M[1:], j, axis=1)) for j in range(len(M)))
