r"""The exponential of skew-symmetric matrices, by matrix products alone and orthogonal to rounding at every norm.

Scaling and squaring in the form :math:`D = e^X - I`: a Taylor polynomial at :math:`2^{-s}X`, then s times
:math:`D \leftarrow 2D + D^2`. Every doubling doubles the error that is already there, so that plain arithmetic ends
with an error of eps times the norm. Up to :data:`EXACT_SIZE` rows D is therefore kept as the sum of a matrix H of
multiples of :math:`2^{-22}` and a small rest L: the entries of D are at most 2, products of H are exact in double
precision, and only products with L round, :math:`2^{22}` times finer than plain ones. Both ways use the BLAS, which
extended precision does not.
"""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError
from manifold_opt.arrays.fields import in_field

__all__ = ["EXACT_SIZE", "nearest_rotation", "round_to_grid", "skew_cayley", "skew_exponential"]

EXACT_SIZE = 64
"""Rows up to which the doublings are done in double-double arithmetic; larger matrices have an error of eps * norm."""

_GRID = 1.5 * 2.0**30
"""What adding and subtracting rounds a double to a multiple of 2^-22."""

_INVERSE_FACTORIALS = tuple(1.0 / factorial for factorial in (
    6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800))
"""1/3!, ..., 1/11!."""


def skew_exponential(X: Array, rest: Array | None = None) -> Array:
    r"""The matrix :math:`e^X - I` of skew-symmetric (skew-Hermitian) X, in double precision.

    Parameters
    ----------
    X : numpy.ndarray
        Matrices (..., m, m) with :math:`X^* = -X`, in any precision.
    rest : numpy.ndarray, optional
        What X lacks by rounding, in double precision: the exponential is that of X + rest.

    Returns
    -------
    numpy.ndarray
        Matrices (..., m, m) in double precision; :math:`I + D` is orthogonal to rounding. The error is a few eps for
        double X of at most :data:`EXACT_SIZE` rows, about eps times the norm for larger ones.

    Raises
    ------
    RetractionError
        If the norm is 1/eps or more, where no digit of an angle is known, or X is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.rotations import skew_exponential
    >>> D = skew_exponential(1000 * np.array([[0.0, -1.0], [1.0, 0.0]]))
    >>> bool(np.abs(D[1] - [np.sin(1000), np.cos(1000) - 1]).max() < 1e-15)
    True
    """
    eps = float(np.finfo(X.dtype).eps)
    exact = X.shape[-1] <= EXACT_SIZE and X.dtype.char in "dD"
    X = X.astype(np.result_type(X.dtype, np.float64), copy=False)
    norm = spectral_bound(X)
    if not norm * eps < 1.0:
        raise RetractionError(f"the velocity of a geodesic must be of norm below 1/eps = {1 / eps:.1e}, beyond "
                              f"which no digit of an angle is known: got {norm:.1e}; take a smaller step")
    D = _exact_doublings(X, rest, norm) if exact else _plain_doublings(X, norm)
    # errors of eps (exact: eps 2^-22) have been doubled up to the norm
    return nearest_rotation(D) if norm > (2.0**18 if exact else 1.0) else D


def skew_cayley(X: Array) -> Array:
    r"""The matrix :math:`(I - \frac12X)^{-1}(I + \frac12X) - I` of skew-symmetric (skew-Hermitian) X.

    By a solution with :math:`I - \frac12X`, or by eigenvalues where that is too ill-conditioned; Newton-Schulz steps
    then take away what is not orthogonal. Paper: v4, section 4, Cayley retraction.

    Parameters
    ----------
    X : numpy.ndarray
        Matrices (..., m, m) with :math:`X^* = -X`, in any precision.

    Returns
    -------
    numpy.ndarray
        Matrices (..., m, m) in double precision; :math:`I + D` is orthogonal to rounding at every norm.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.rotations import skew_cayley
    >>> D = skew_cayley(1e9 * np.array([[0.0, -1.0], [1.0, 0.0]]))
    >>> np.allclose(np.eye(2) + D, -np.eye(2))
    True
    """
    X = 0.5 * X.astype(np.result_type(X.dtype, np.float64), copy=False)
    if not float(np.max(np.abs(X), initial=0.0)) < 1e4:
        # a solution would be as far off as X is long, too far to be restored
        omega, U = np.linalg.eigh(-0.5j * (X - np.conj(np.swapaxes(X, -1, -2))))
        D = (U * (2j * omega / (1 - 1j * omega))[..., None, :]) @ np.conj(np.swapaxes(U, -1, -2))
        return nearest_rotation(in_field(D, X.dtype))
    return nearest_rotation(2 * np.linalg.solve(np.eye(X.shape[-1]) - X, X))


def round_to_grid(X: Array) -> Array:
    """X, with entries of at most 2^8 in magnitude, rounded to multiples of 2^-22, whose products are exact."""
    grid = _grid(X)
    return np.asarray((X + grid) - grid)


def spectral_bound(X: Array) -> float:
    """An upper bound of the largest singular value of skew-symmetric matrices, of which it is at most m^(1/4) times."""
    frobenius = _largest_norm(X) / np.sqrt(2.0)
    if X.shape[-1] < 32 or not 1.0 < frobenius < 1e100:
        return float(frobenius)
    return float(np.sqrt(_largest_norm(X @ X) / np.sqrt(2.0)))


def nearest_rotation(D: Array) -> Array:
    r"""The rotation nearest to :math:`I + D`, less I, by Newton-Schulz steps until nothing is left to restore."""
    m = D.shape[-1]
    for _ in range(6):
        Dt = np.conj(np.swapaxes(D, -1, -2))
        defect = D + Dt + Dt @ D
        D = D - 0.5 * (defect + D @ defect)
        if _largest_norm(defect) <= np.sqrt(m * np.finfo(D.dtype).eps):
            break
    return D


def _exact_doublings(X: Array, rest: Array | None, norm: float) -> Array:
    """Doublings in the form D = H + L, H on the grid."""
    # then the cubic terms of the series, which are not formed exactly, cost no more than rounding
    doublings = _doublings(norm, min(0.125, max(norm, 1e-300) ** -0.5))
    scale = 2.0**-doublings
    X, rest = X * scale, np.zeros_like(X) if rest is None else rest * scale
    H = round_to_grid(X)
    L = (X - H) + rest
    hi, lo = _square(H, L)
    half, small = 0.5 * hi, 0.5 * lo + _cubic_terms(X, hi + lo)
    # H + half is exact: multiples of 2^-45 of magnitude below 4
    H, L = _on_grid(H + half, L + small)
    for _ in range(doublings):
        hi, lo = _square(H, L)
        hi += 2 * H
        lo += 2 * L
        H, L = _on_grid(hi, lo)
    return H + L


def _square(H: Array, L: Array) -> tuple[Array, Array]:
    """The square of H + L as an exact and a small part."""
    lo = H @ L
    lo += L @ (H + L)
    return H @ H, lo


def _on_grid(hi: Array, lo: Array) -> tuple[Array, Array]:
    """The sum hi + lo as a matrix on the grid and a small rest."""
    H = round_to_grid(hi + lo)
    hi -= H
    hi += lo
    return H, hi


def _plain_doublings(X: Array, norm: float) -> Array:
    """Doublings in plain double precision."""
    doublings = _doublings(norm, 0.125)
    X = X * 2.0**-doublings
    square = X @ X
    D = X + 0.5 * square + _cubic_terms(X, square)
    for _ in range(doublings):
        square = np.matmul(D, D, out=square)
        D *= 2
        D += square
    return D


def _cubic_terms(X: Array, square: Array) -> Array:
    """The terms X^3/3! + ... + X^11/11! of the exponential, with four products; the norm is at most 1/8."""
    cube = X @ square
    P, c = np.zeros_like(X), _INVERSE_FACTORIALS
    for k in (6, 3, 0):
        if k < 6:
            P = cube @ P
        P += c[k + 1] * X
        P += c[k + 2] * square
        np.einsum("...ii->...i", P)[...] += c[k]
    return np.asarray(cube @ P)


def _doublings(norm: float, target: float) -> int:
    """How often a norm must be halved to be at most a target."""
    return max(0, int(np.ceil(np.log2(norm / target)))) if norm > 0.0 else 0


def _grid(X: Array) -> complex:
    """The rounding constant for real or complex entries."""
    return _GRID * (1 + 1j) if np.iscomplexobj(X) else _GRID


def _largest_norm(X: Array) -> float:
    """The largest Frobenius norm in a stack."""
    return float(np.max(np.linalg.norm(X, axis=(-2, -1)), initial=0.0))
