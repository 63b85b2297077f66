"""Steepest directions in the spectral norm: the orthogonal factor, free, and tangent to a Stiefel manifold."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import transposed

__all__ = ["orthogonal_factor", "tangent_orthogonal_factor"]

SMALLEST_SMOOTHING = 1e-9
"""Relative to the largest singular value: what it changes at singular values of that size is below rounding."""

MOST_STEPS = 40
MOST_INNER_STEPS = 200


def orthogonal_factor(M: Array) -> Array:
    r"""The factor :math:`\mathrm{msign}(M) = UV^*` of :math:`M = U\Sigma V^*`, without zero singular values.

    It is the matrix of spectral norm one with the largest product with M: :math:`\langle M, UV^*\rangle = \|M\|_*`.

    Parameters
    ----------
    M : numpy.ndarray
        Matrices (..., p, q), real or complex.

    Returns
    -------
    numpy.ndarray
        Matrices (..., p, q), zero where M is.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import orthogonal_factor
    >>> orthogonal_factor(np.diag([3.0, 0.0, -2.0])) + 0.0
    array([[ 1.,  0.,  0.],
           [ 0.,  0.,  0.],
           [ 0.,  0., -1.]])
    """
    U, sigma, Vh = np.linalg.svd(M, full_matrices=False)
    least = max(M.shape[-2:], default=1) * np.finfo(M.dtype).eps * np.max(sigma, axis=-1, initial=0.0, keepdims=True)
    return np.asarray((U * (sigma > least)[..., None, :]) @ Vh)


def tangent_orthogonal_factor(A: Array, B: Array) -> tuple[Array, Array, Array]:
    r"""The blocks :math:`W = [W_A; W_B]`, :math:`W_A` skew-symmetric, of spectral norm at most one with the largest
    product :math:`\langle A, W_A\rangle + \langle B, W_B\rangle`, for skew-symmetric A; in complex numbers with
    skew-Hermitian and Hermitian matrices, and the real part of the product.

    Its dual is the convex problem :math:`\min_S \|[A + S; B]\|_*` over symmetric S. With a minimizing S the orthogonal
    factor of :math:`[A + S; B]` has a skew-symmetric frame block, and is W. The dual is solved by Newton steps on the
    smoothed norm :math:`\sum\sqrt{\sigma_i^2 + \epsilon^2}`, whose smoothing is taken away step by step; linear
    equations by conjugate gradients, with the Hessian of reweighted least squares in front. Whatever is left of the
    symmetric part is dropped, and W divided by its norm where that exceeds one: W is feasible to rounding, and the gap
    certifies how good it is.

    Parameters
    ----------
    A, B : numpy.ndarray
        Blocks (..., n, n) and (..., m, n), real or complex.

    Returns
    -------
    W_A, W_B : numpy.ndarray
        The blocks, in double precision.
    gap : numpy.ndarray
        The duality gap (...), relative to the dual value: no feasible W has a product larger by more than that.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import tangent_orthogonal_factor
    >>> rng = np.random.default_rng(0)
    >>> A, B = rng.normal(size=(3, 3)), rng.normal(size=(5, 3))
    >>> W_A, W_B, gap = tangent_orthogonal_factor(A - A.T, B)
    >>> np.array_equal(W_A, -W_A.T), bool(gap < 1e-14)
    (True, True)
    >>> np.allclose(np.linalg.svd(np.concatenate([W_A, W_B]), compute_uv=False), 1, atol=1e-14)
    True
    """
    A, B = (block.astype(np.result_type(block.dtype, np.float64), copy=False) for block in (A, B))
    W_A, W_B, gap = np.empty_like(A), np.empty_like(B), np.empty(A.shape[:-2])
    for member in np.ndindex(gap.shape):
        W_A[member], W_B[member], gap[member] = _solve(A[member], B[member])
    return W_A, W_B, gap


def _solve(A: Array, B: Array) -> tuple[Array, Array, float]:
    """One pair of blocks."""
    scale, n = float(np.linalg.norm(np.concatenate([A, B]), ord=2)), A.shape[-1]
    if scale == 0.0:
        return A, B, 0.0
    A, B = A / scale, B / scale
    S, smoothing = np.zeros_like(A), 1.0
    while True:
        last, previous = smoothing <= SMALLEST_SMOOTHING, np.inf
        for _ in range(MOST_STEPS):
            state = _State.at(A, B, S, smoothing)
            size = float(np.linalg.norm(state.gradient))
            # at the end until rounding stops it
            small = size < (1e-12 * np.sqrt(n) if last else 0.02)
            if size < 1e-15 or (small and not (last and size < 0.5 * previous)):
                break
            previous = size
            S = S + _shortened(A, B, S, state, _newton_direction(state))
        if last:
            break
        smoothing = max(0.1 * smoothing, SMALLEST_SMOOTHING)
    W_A, W_B = 0.5 * (state.W[:n] - transposed(state.W[:n])), state.W[n:]
    norm = max(1.0, float(np.linalg.norm(np.concatenate([W_A, W_B]), ord=2)))
    W_A, W_B, dual = W_A / norm, W_B / norm, float(np.sum(state.sigma))
    return W_A, W_B, max(0.0, (dual - _product(A, W_A) - _product(B, W_B)) / dual)


@final
@dataclass(frozen=True)
class _State:
    """Value, gradient and what the Hessian needs of the smoothed norm at S, in the basis of right singular vectors."""

    smoothing: float
    sigma: Array
    h: Array
    V: Array
    W: Array
    frame: Array
    frame_of_W: Array
    gradient: Array

    @classmethod
    def at(cls, A: Array, B: Array, S: Array, smoothing: float) -> _State:
        """From a singular value decomposition of [A + S; B]."""
        n = len(A)
        U, sigma, Vh = np.linalg.svd(np.concatenate([A + S, B]), full_matrices=False)
        h, V = np.hypot(sigma, smoothing), transposed(Vh)
        frame_of_W = Vh @ (U[:n] * (sigma / h))
        return cls(smoothing, sigma, h, V, (U * (sigma / h)) @ Vh, Vh @ (U[:n] * sigma), frame_of_W,
                   0.5 * (frame_of_W + transposed(frame_of_W)))

    @property
    def value(self) -> float:
        """The smoothed norm."""
        return float(np.sum(self.h))

    def hessian(self, D: Array) -> Array:
        """The second derivative along D: F H^-1 with H = (F'F + smoothing^2)^(1/2), of which H dH + dH H = d(F'F)."""
        product = transposed(self.frame) @ D
        dH = (product + transposed(product)) / (self.h[:, None] + self.h)
        dW = (D - self.frame_of_W @ dH) / self.h
        return np.asarray(0.5 * (dW + transposed(dW)))


def _newton_direction(state: _State) -> Array:
    """The solution of Hessian D = -gradient by conjugate gradients, in the basis of the state."""
    weights = 0.5 * (1 / state.h[:, None] + 1 / state.h)
    D, r = np.zeros_like(state.gradient), -state.gradient
    p = z = r / weights
    product, first = _product(r, z), float(np.linalg.norm(r))
    for _ in range(MOST_INNER_STEPS):
        q = state.hessian(p)
        length = product / _product(p, q)
        D, r = D + length * p, r - length * q
        if np.linalg.norm(r) < min(0.1, first) * first:
            break
        z = r / weights
        previous, product = product, _product(r, z)
        p = z + product / previous * p
    return D


def _shortened(A: Array, B: Array, S: Array, state: _State, D: Array) -> Array:
    """The step along D, halved until the smoothed norm falls, in the basis of the blocks."""
    slope, step, length = _product(state.gradient, D), state.V @ D @ transposed(state.V), 1.0
    for _ in range(20):
        sigma = np.linalg.svd(np.concatenate([A + S + length * step, B]), compute_uv=False)
        value = float(np.sum(np.hypot(sigma, state.smoothing)))
        if value <= state.value * (1 + 1e-14) + 1e-4 * length * slope:
            break
        length *= 0.5
    return length * step


def _product(X: Array, Z: Array) -> float:
    """The real inner product of two matrices."""
    return float(np.vdot(X, Z).real)
