r"""Lift and metric of the spaces in 100-digit arithmetic."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.groups import symplectic_form
from manifold_opt.oracle import decimals
from manifold_opt.oracle.exact_step import ExactSpace

__all__ = ["horizontal_lift", "metric"]


def horizontal_lift(space: ExactSpace, Y: Array, Delta: Array) -> Array:
    r"""The dense horizontal lift of the Riemannian metric.

    Paper: v4, section 2 and appendix A; symplectic spaces: Bendokat and Zimmermann, arXiv:2108.12447.

    Parameters
    ----------
    space : ExactSpace
        The space.
    Y, Delta : numpy.ndarray
        Object arrays (N, n): point and tangent vector (on the Grassmann kinds with :math:`Y^*\Delta = 0`).

    Returns
    -------
    numpy.ndarray
        Object array (N, N); on a vector space Delta itself.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_geometry import horizontal_lift
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> with decimals.context():
    ...     Y, Delta = decimals.exact(np.eye(3, 1)), decimals.exact([[0.0], [2.0], [0.0]])
    ...     Omega = horizontal_lift(ExactSpace("stiefel", 3, 1), Y, Delta)
    >>> decimals.rounded(Omega).tolist()
    [[0.0, -2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if space.is_euclidean:
        return Delta
    if not space.is_symplectic:
        half = Delta if space.is_grassmann else Delta - Y @ (Y.T @ Delta) / 2
        return np.asarray(half @ Y.T - Y @ half.T)
    return _right_invariant_lift(Y, _metric_representative(space, Y, Delta) if space.is_grassmann else Delta)


def metric(space: ExactSpace, Y: Array, Delta1: Array, Delta2: Array) -> Any:
    r"""The Riemannian metric :math:`\frac12\mathrm{Tr}(\Omega_1^T\Omega_2)`; the sum of products on a vector space.

    Parameters
    ----------
    space : ExactSpace
        The space.
    Y, Delta1, Delta2 : numpy.ndarray
        Object arrays (N, n): point and tangent vectors.

    Returns
    -------
    Decimal

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_geometry import metric
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> with decimals.context():
    ...     Y, Delta = decimals.exact(np.eye(3, 1)), decimals.exact([[0.0], [2.0], [0.0]])
    ...     float(metric(ExactSpace("stiefel", 3, 1), Y, Delta, Delta))
    4.0
    """
    if space.is_euclidean:
        return np.sum(Delta1 * Delta2)
    return np.sum(horizontal_lift(space, Y, Delta1) * horizontal_lift(space, Y, Delta2)) / 2


def _right_invariant_lift(Y: Array, Delta: Array) -> Array:
    J, N, n = decimals.exact(symplectic_form(len(Y))), len(Y), Y.shape[1]
    inverse = decimals.solve(Y.T @ Y, decimals.identity(n))
    rest = decimals.identity(N) - J.T @ Y @ inverse @ Y.T @ J
    return np.asarray(Delta @ inverse @ Y.T + J @ Y @ inverse @ Delta.T @ rest @ J)


def _metric_representative(space: ExactSpace, Y: Array, Delta: Array) -> Array:
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
    fibers = [Y @ decimals.exact(X) for X in vertical]
    lifts = [_right_invariant_lift(Y, V) for V in fibers]
    target = _right_invariant_lift(Y, Delta)
    gram = np.array([[np.sum(a * b) for b in lifts] for a in lifts], dtype=object)
    weights = decimals.solve(gram, np.array([[np.sum(a * target)] for a in lifts], dtype=object))
    return np.asarray(Delta - sum((w[0] * V for w, V in zip(weights, fibers)), decimals.exact(np.zeros(Y.shape))))
