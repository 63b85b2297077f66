"""The matrix with Y*Y = I nearest to a given one: the polar factor, or in other adjoints a certified point."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.arrays.fields import transposed
from manifold_opt.arrays.spectral import refined_factor

__all__ = ["certified_nearest", "polar_factor", "sylvester"]

MOST_ITERATIONS = 200


def polar_factor(M: Array) -> Array:
    """The factor UV* of M = U Sigma V*; ValueError if M has not full column rank."""
    U, sigma, Vh = np.linalg.svd(M, full_matrices=False)
    least, largest = (np.min(sigma, axis=-1, initial=np.inf), np.max(sigma, axis=-1, initial=0.0))
    # written so that NaN is an error
    if not np.all(least > max(M.shape[-2:]) * np.finfo(M.dtype).eps * largest):
        raise ValueError("M must have full column rank, or more than one point is nearest: singular values from "
                         f"{np.min(least):.1e} to {np.max(largest):.1e}")
    return refined_factor(M, U, sigma, Vh)


def certified_nearest(M: Array, adjoint: Callable[[Array], Array]) -> Array:
    r"""The Y with :math:`Y^*Y = I` nearest to real M in the Frobenius norm; ValueError where none is certified.

    Newton-like steps for the multiplier :math:`S = S^*` of :math:`M = Y + (Y^T)^*S`, for which
    :math:`Y = (M - (M^T)^*S)(I - S^TS)^{-1}`: near the solution the defect changes by :math:`-(G^*dS + dS\,G)` with
    :math:`G = Y^TY`. If the spectral norm of S is below one, every other point X is farther away,
    :math:`|X - M|^2 - |Y - M|^2 \ge (1 - |S|)|X - Y|^2`.

    Parameters
    ----------
    M : numpy.ndarray
        Matrices (..., N, n).
    adjoint : callable
        An adjoint that preserves Frobenius norms and goes with the transpose.

    Returns
    -------
    numpy.ndarray
        Points (..., N, n) in double precision.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import SymplecticAdjoint
    >>> from manifold_opt.groups.nearest import certified_nearest
    >>> np.allclose(certified_nearest(np.diag([1.1, 1.1]), SymplecticAdjoint()), np.eye(2))
    True
    """
    M = M.astype(np.float64, copy=False)
    identity, previous = np.eye(M.shape[-1]), np.inf
    S, M_dual = np.zeros((*M.shape[:-2], *identity.shape)), adjoint(transposed(M))
    for _ in range(MOST_ITERATIONS):
        Y = (M - M_dual @ S) @ np.linalg.inv(identity - transposed(S) @ S)
        defect = adjoint(Y) @ Y - identity
        defect = 0.5 * (defect + adjoint(defect))
        size = np.linalg.norm(defect, axis=(-2, -1)) / np.maximum(np.linalg.norm(Y, axis=(-2, -1)) ** 2, 1.0)
        largest = float(np.max(size, initial=0.0))
        # the defect is known to eps |Y|^2
        if largest <= tolerance(4, np.float64, M.shape[-2]) and not largest < 0.5 * previous:
            return np.asarray(Y)
        previous = largest
        with np.errstate(divide="ignore", invalid="ignore"):
            G = transposed(Y) @ Y
            S = S + sylvester(adjoint(G), G, defect)
        if not np.isfinite(S).all() or not np.max(np.linalg.norm(S, ord=2, axis=(-2, -1)), initial=0.0) < 1.0:
            break
    raise ValueError("M must be near the space: no nearest point is certified, since the multiplier S in "
                     "M = Y + (Y^T)* S does not stay below 1; start from a matrix nearer to Y*Y = I")


def sylvester(H: Array, G: Array, R: Array) -> Array:
    """The solution X of HX + XG = R for symmetric (Hermitian) positive definite H and G."""
    eta, U = np.linalg.eigh(H)
    gamma, V = np.linalg.eigh(G)
    quotient = (transposed(U) @ R @ V) / (eta[..., :, None] + gamma[..., None, :])
    return np.asarray(U @ quotient @ transposed(V))
