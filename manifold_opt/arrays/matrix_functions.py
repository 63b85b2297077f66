"""Small matrix functions on stacks: phi_1, the Cayley factor, the polar factor, Newton-Schulz restoration."""
from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.rotations import EXACT_SIZE

__all__ = ["phi1", "exponential", "phi1_phi2_series", "working_dtype", "cayley_factor", "polar", "newton_schulz"]


def phi1(X: Array) -> Array:
    r"""The matrix function :math:`\varphi_1(X) = (e^X - 1)/X = \sum_k X^k/(k+1)!`, correct for every norm.

    Scaling and squaring: with :math:`W = 2^{-s}\varphi_1(2^{-s}X)` from a Taylor series that is summed where its terms
    do not cancel, :math:`(I + XW)^2 = I + X(2W + WXW)` doubles the argument s times. An argument that needs doubling is
    treated in the next wider type (float32 in float64, float64 in extended precision where the platform has it and the
    matrix is small),
    since the rounding errors of the first steps are doubled as well.

    Paper: v4, section 4, retractions, where the plain series is given; the series alone is wrong for large steps.

    Parameters
    ----------
    X : numpy.ndarray
        Matrices (..., m, m).

    Returns
    -------
    numpy.ndarray
        Matrices (..., m, m) of the same dtype; entries that overflow come out as infinite or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.matrix_functions import phi1
    >>> X = np.array([[0.0, -np.pi], [np.pi, 0.0]])
    >>> np.allclose(np.eye(2) + X @ phi1(X), -np.eye(2), atol=1e-15)
    True
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(_phi1_in_range(X)[1].astype(X.dtype, copy=False))


def exponential(X: Array) -> Array:
    r"""The matrix exponential :math:`I + X\varphi_1(X)`, rounded once from the type in which it is computed.

    Parameters
    ----------
    X : numpy.ndarray
        Matrices (..., m, m).

    Returns
    -------
    numpy.ndarray
        Matrices (..., m, m) of the same dtype; entries that overflow come out as infinite or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.matrix_functions import exponential
    >>> X = 1000 * np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> np.allclose(exponential(X), [[np.cos(1000), -np.sin(1000)], [np.sin(1000), np.cos(1000)]], atol=4e-16, rtol=0)
    True
    """
    with np.errstate(over="ignore", invalid="ignore"):
        Z, W = _phi1_in_range(X)
        return np.asarray((np.eye(X.shape[-1], dtype=Z.dtype) + Z @ W).astype(X.dtype, copy=False))


def _phi1_in_range(X: Array) -> tuple[Array, Array]:
    """X and phi_1(X) in the type of the computation."""
    norm = float(np.max(np.sum(np.abs(X), axis=-2), initial=0.0))
    if not np.isfinite(norm):
        return X, np.full_like(X, np.nan)
    doublings = max(0, int(np.ceil(np.log2(norm)))) if norm > 1.0 else 0
    Z = X.astype(working_dtype(X.dtype, X.shape[-1]), copy=False) if doublings else X
    with np.errstate(over="ignore", invalid="ignore"):
        W: Array = _phi1_series(Z * 0.5**doublings, norm * 0.5**doublings) * 0.5**doublings
        for _ in range(doublings):
            W = 2 * W + W @ Z @ W
    return Z, W


def working_dtype(dtype: npt.DTypeLike, size: int) -> np.dtype[Any]:
    """The type in which an exponential of `size` rows is computed: the next wider one, but float64 for large matrices,
    since extended precision bypasses the BLAS.
    """
    if np.dtype(dtype) == np.float32:
        return np.dtype(np.float64)
    return np.dtype(np.longdouble if size <= EXACT_SIZE else dtype)


def phi1_phi2_series(A: Array, C: Array, norm: float, skew: bool = False) -> tuple[Array, Array]:
    r"""First block column [G; L] of :math:`\varphi_1` of the matrix [[A, -C], [I, 0]], for small norms.

    Its powers have the first block column :math:`[a_k; a_{k-1}]` with :math:`a_0 = I`, :math:`a_1 = A` and
    :math:`a_{k+1} = Aa_k - Ca_{k-1}`; so :math:`G = \sum_k a_k/(k + 1)!` and :math:`L = \sum_k a_k/(k + 2)!`, Taylor
    series with as many terms as the norm asks for.

    Parameters
    ----------
    A, C : numpy.ndarray
        Matrices (..., n, n): the frame block A of a velocity, and B*B.
    norm : float
        The norm :math:`(\frac12|A|^2 + |B|^2)^{1/2}` of the velocity, at most one.
    skew : bool
        Whether A is skew-symmetric and C symmetric, as on the O(N) spaces. The series of large matrices then ends as
        soon as its terms are small, since many singular values share the norm.

    Returns
    -------
    G, L : numpy.ndarray
        Matrices (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.matrix_functions import phi1, phi1_phi2_series
    >>> A, C = np.array([[[0.0, -0.3], [0.3, 0.0]], [[0.5, 0.1], [0.1, 0.2]]])
    >>> dense = phi1(np.block([[A, -C], [np.eye(2), np.zeros((2, 2))]]))
    >>> np.allclose(np.concatenate(phi1_phi2_series(A, C, 0.8)), dense[:, :2], rtol=0, atol=1e-15)
    True
    """
    square = A @ A
    before, a = A, square - C
    identity = np.eye(A.shape[-1], dtype=A.dtype)
    G, L = identity + A / 2 + a / 6, identity / 2 + A / 6 + a / 24
    # the largest singular value of the velocity is below sqrt(2) times the norm
    bound, watch = np.sqrt(2) * norm, skew and A.shape[-1] >= 64
    degree = _degree(bound, A.dtype)
    if watch:
        b = np.sqrt(_largest_norm(C))
        bound = 0.5 * (np.sqrt(_largest_norm(square)) + np.sqrt(_largest_norm(square) + 4 * b**2))
        # the rounding errors of G have a Frobenius norm of this order
        negligible = _roundoff(A.dtype) * np.sqrt(A.shape[-1])
    for k in range(3, degree + 1):
        before, a = a, A @ a - C @ before
        G += a / factorial(k + 1)
        L += a / factorial(k + 2)
        # the power k + 1 is at most bound times the power k, which has the blocks a_k and Ba_{k-1}
        if watch and bound * (_largest_norm(a) + b * _largest_norm(before)) <= negligible * factorial(k + 2):
            break
    return G, L


def _largest_norm(X: Array) -> float:
    """The largest Frobenius norm in a stack."""
    return float(np.max(np.linalg.norm(X, axis=(-2, -1)), initial=0.0))


def _roundoff(dtype: np.dtype[Any]) -> float:
    """What the terms of a series that are left out may amount to."""
    return float(np.finfo(dtype).eps) / 4


def _degree(norm: float, dtype: np.dtype[Any]) -> int:
    """Degree at which the Taylor series of phi_1 may end."""
    return next(k for k in range(1, 40) if norm**(k + 1) <= _roundoff(dtype) * factorial(k + 2))


def _phi1_series(X: Array, norm: float) -> Array:
    """Taylor series of phi_1 by Horner's rule, with as many terms as a norm of at most one asks for."""
    degree = _degree(norm, X.dtype)
    identity = np.eye(X.shape[-1], dtype=X.dtype)
    W: Array = identity + X / X.dtype.type(degree + 1)
    for k in range(degree, 1, -1):
        W = identity + (X @ W) / X.dtype.type(k)
    return W


def cayley_factor(X: Array) -> Array:
    r"""The matrix function :math:`\psi(X) = (I - \frac12 X)^{-1}` of the Cayley transform :math:`I + X\psi(X)`.

    Paper: v4, section 4, Cayley retraction.

    Parameters
    ----------
    X : numpy.ndarray
        Matrices (..., m, m).

    Returns
    -------
    numpy.ndarray
        Matrices (..., m, m).

    Raises
    ------
    numpy.linalg.LinAlgError
        If 2 is an eigenvalue of X to working precision.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.matrix_functions import cayley_factor
    >>> X = np.array([[0.0, -2.0], [2.0, 0.0]])
    >>> Q = np.eye(2) + X @ cayley_factor(X)
    >>> np.allclose(Q, [[0.0, -1.0], [1.0, 0.0]])
    True
    """
    return np.asarray(np.linalg.inv(np.eye(X.shape[-1], dtype=X.dtype) - 0.5 * X))


def polar(P: Array) -> tuple[Array, Array]:
    r"""The polar decomposition :math:`P = SO` with S symmetric positive semidefinite and O orthogonal (unitary).

    Parameters
    ----------
    P : numpy.ndarray
        Matrices (..., n, n), real or complex.

    Returns
    -------
    S, O : numpy.ndarray
        Matrices (..., n, n). Where P is singular O is one of the possible choices.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.matrix_functions import polar
    >>> S, O = polar(np.array([[0.0, -3.0], [2.0, 0.0]]))
    >>> np.allclose(S, np.diag([3.0, 2.0])) and np.allclose(O, [[0.0, -1.0], [1.0, 0.0]])
    True
    """
    U, sigma, Vh = np.linalg.svd(P)
    S = (U * sigma[..., None, :]) @ np.conj(np.swapaxes(U, -1, -2))
    O = U @ Vh
    # the factors of an SVD are orthogonal to some ten eps only
    return S, newton_schulz(O, lambda M: np.conj(np.swapaxes(M, -1, -2)))


def newton_schulz(M: Array, adjoint: Callable[[Array], Array]) -> Array:
    r"""One restoration step :math:`M \leftarrow \frac12 M(3I - M^*M)`, which squares the defect of :math:`M^*M = I`.

    Source: N. J. Higham, Functions of Matrices, SIAM 2008, chapter 8 (the Newton-Schulz iteration for the polar
    factor);
    it holds for every involutive adjoint since :math:`M^*M` is self-adjoint.

    Parameters
    ----------
    M : numpy.ndarray
        Group elements or points (..., N, n), with a defect well below one.
    adjoint : callable
        The adjoint of the group.

    Returns
    -------
    numpy.ndarray
        Restored matrices (..., N, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.matrix_functions import newton_schulz
    >>> M = np.eye(3) + 1e-5
    >>> defect = lambda M: np.linalg.norm(M.T @ M - np.eye(3))
    >>> bool(defect(M) > 5e-5 and defect(newton_schulz(M, np.transpose)) < 5e-9)
    True
    """
    defect = adjoint(M) @ M - np.eye(M.shape[-1], dtype=M.dtype)
    return np.asarray(M - 0.5 * (M @ defect))
