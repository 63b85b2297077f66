"""Steepest directions in the spectral norm: the orthogonal factor, free, and tangent to a Stiefel manifold."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import transposed
from manifold_opt.arrays.matrix_functions import newton_schulz

__all__ = ["orthogonal_factor", "refined_factor", "tangent_orthogonal_factor"]

SMALLEST_SMOOTHING = 1e-9
"""Relative to the largest singular value: what it changes at singular values of that size is below rounding."""

EPS = np.finfo(np.float64).eps

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
    if M.shape[-2] < M.shape[-1]:
        return transposed(orthogonal_factor(transposed(M)))
    U, sigma, Vh = np.linalg.svd(M, full_matrices=False)
    least = max(M.shape[-2:], default=1) * np.finfo(M.dtype).eps * np.max(sigma, axis=-1, initial=0.0, keepdims=True)
    return refined_factor(M, U * (sigma > least)[..., None, :], sigma, Vh)


def refined_factor(M: Array, U: Array, sigma: Array, Vh: Array) -> Array:
    r"""The polar factor :math:`UV^*` of M from its singular value decomposition, to the last digits.

    The decomposition itself is right to some ten eps only, where LAPACK's iteration ends. With the orthonormal
    :math:`P \approx U` and :math:`T = P^*MV \approx \Sigma` the factor is
    :math:`(P + P\Omega + (MV - PT)\Sigma^{-1})V^*` up to squares of what is taken back, where
    :math:`\Sigma\Omega + \Omega\Sigma = T - T^*`. Where M is nearly singular it is :math:`UV^*` as it stands.
    """
    if not sigma.size:
        return np.asarray(U @ Vh)
    sound = sigma[..., -1:] > np.finfo(M.dtype).eps ** 0.5 * sigma[..., :1]
    safe = np.where(sound, sigma, 1.0).astype(sigma.dtype)
    P = newton_schulz(U, transposed)
    MV = M @ transposed(Vh)
    T = transposed(P) @ MV
    omega = (T - transposed(T)) / (safe[..., :, None] + safe[..., None, :])
    refined = P + P @ omega + (MV - P @ T) / safe[..., None, :]
    return np.asarray(np.where(sound[..., None], refined, U) @ Vh)


def tangent_orthogonal_factor(A: Array, B: Array) -> tuple[Array, Array, Array]:
    r"""The blocks :math:`W = [W_A; W_B]`, :math:`W_A` skew-symmetric, of spectral norm at most one with the largest
    product :math:`\langle A, W_A\rangle + \langle B, W_B\rangle`, for skew-symmetric A; in complex numbers with
    skew-Hermitian and Hermitian matrices, and the real part of the product.

    Its dual is the convex problem :math:`\min_S \|[A + S; B]\|_*` over symmetric S. With a minimizing S the orthogonal
    factor of :math:`[A + S; B]` has a skew-symmetric frame block, and is W. The dual is solved by Newton steps on the
    smoothed norm :math:`\sum\sqrt{\sigma_i^2 + \epsilon^2}`, whose smoothing is taken away step by step, as fast as
    the minimum is approached; linear equations by conjugate gradients, with the Hessian of reweighted least squares in
    front. Whatever is left of the symmetric part is dropped, and W divided by its norm where that exceeds one: W is
    feasible to rounding, and the gap certifies how good it is. A stack is treated at once.

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
    batch, (m, n) = A.shape[:-2], B.shape[-2:]
    if m > n:
        # B enters through its triangular factor alone
        Q, R = np.linalg.qr(B)
        W_A, W_B, gap = tangent_orthogonal_factor(A, R)
        return W_A, Q @ W_B, gap
    k = int(np.prod(batch))
    W_A, W_B, gap = _solve_stack(np.reshape(A, (k, n, n)), np.reshape(B, (k, m, n)))
    return np.reshape(W_A, A.shape), np.reshape(W_B, B.shape), np.reshape(gap, batch)


def _solve_stack(A: Array, B: Array) -> tuple[Array, Array, Array]:
    """A stack (k, n, n) and (k, m, n): feasible directions, and by how much they may be short of the best."""
    n = A.shape[-1]
    scale = _spectral_norm(np.concatenate([A, B], axis=-2))[:, None, None]
    A, B = (block / np.where(scale > 0, scale, 1.0) for block in (A, B))
    W, dual = _minimize(A, B)
    W_A, W_B = 0.5 * (W[:, :n] - transposed(W[:, :n])), W[:, n:]
    norm = np.maximum(1.0, _spectral_norm(np.concatenate([W_A, W_B], axis=-2)))[:, None, None]
    W_A, W_B = W_A / norm, W_B / norm
    short = dual - _product(A, W_A) - _product(B, W_B)
    return W_A, W_B, np.maximum(0.0, short / np.where(dual > 0, dual, 1.0))


def _minimize(A: Array, B: Array) -> tuple[Array, Array]:
    """The gradients W of the norm at its minimizers, and the minima. Members that have arrived leave the stack."""
    k, n = A.shape[:2]
    W, dual, members = np.zeros((k, n + B.shape[-2], n), A.dtype), np.zeros(k), np.arange(k)
    S, smoothing, steps = np.zeros_like(A), np.ones(k), np.zeros(k, int)
    previous, fall = np.full((2, k), np.inf)
    while True:
        U, sigma, Vh = np.linalg.svd(np.concatenate([A + S, B], axis=-2), full_matrices=False)
        before = smoothing
        while True:
            state = _State.at(U, sigma, Vh, smoothing)
            size, last = _norm(state.gradient), smoothing <= SMALLEST_SMOOTHING
            # at the end until rounding stops it, before until the minimum is as near as the smoothing is large
            small = np.where(last, (size < 1e-6) & ~(size < 0.5 * previous), (size < 0.02) & (fall < 0.1 * smoothing))
            done = (size < 1e-15) | small | (steps == MOST_STEPS)
            lower = done & ~last
            if not lower.any():
                break
            before = np.where(lower, smoothing, before)
            smoothing = np.where(lower, np.maximum(0.1 * smoothing, SMALLEST_SMOOTHING), smoothing)
            previous, steps = np.where(lower, np.inf, previous), np.where(lower, 0, steps)
        if done.any():
            W[members[done]], dual[members[done]] = state.W[done], np.sum(state.sigma[done], axis=-1)
            A, B, S, smoothing, before, size, steps, members, U, sigma, Vh = (
                X[~done] for X in (A, B, S, smoothing, before, size, steps, members, U, sigma, Vh))
            state = state.of(~done)
        if not members.size:
            return W, dual
        # where the smoothing was lowered, from the state before: small singular values shrink with it
        model = _State.at(U, sigma, Vh, before)
        D = _newton_direction(model, model.gradient_towards(smoothing))
        S, previous, fall, steps = S + _shortened(A, B, S, state, D), size, -_product(state.gradient, D), steps + 1


@final
@dataclass(frozen=True)
class _State:
    """What derivatives of the smoothed norm need of [A + S; B] = U sigma Vh, in the basis of right singular vectors."""

    U: Array
    sigma: Array
    Vh: Array
    smoothing: Array
    h: Array
    frame_of_W: Array
    gradient: Array

    @classmethod
    def at(cls, U: Array, sigma: Array, Vh: Array, smoothing: Array) -> _State:
        """The state with given factors."""
        h = np.hypot(sigma, smoothing[:, None])
        frame_of_W = Vh @ (U[:, :Vh.shape[-1]] * (sigma / h)[:, None, :])
        return cls(U, sigma, Vh, smoothing, h, frame_of_W, 0.5 * (frame_of_W + transposed(frame_of_W)))

    def of(self, members: Array) -> _State:
        """The state of some members of the stack."""
        return _State(**{name: value[members] for name, value in vars(self).items()})

    @property
    def W(self) -> Array:
        """The gradient with respect to the whole matrix."""
        return np.asarray((self.U * (self.sigma / self.h)[:, None, :]) @ self.Vh)

    @property
    def frame(self) -> Array:
        """The frame block A + S."""
        return np.asarray(self.Vh @ (self.U[:, :self.Vh.shape[-1]] * self.sigma[:, None, :]))

    def gradient_towards(self, smoothing: Array) -> Array:
        """The gradient with another smoothing, to first order in the difference."""
        relative = (self.smoothing * (self.smoothing - smoothing))[:, None] / self.h**2
        change = self.frame_of_W * relative[:, None, :]
        return np.asarray(self.gradient + 0.5 * (change + transposed(change)))

    def hessian(self, D: Array, frame: Array) -> Array:
        """The second derivative along D of F H^-1, H = (F'F + smoothing^2)^(1/2), of which H dH + dH H = d(F'F)."""
        product = transposed(frame) @ D
        dH = (product + transposed(product)) / (self.h[:, :, None] + self.h[:, None, :])
        dW = (D - self.frame_of_W @ dH) / self.h[:, None, :]
        return np.asarray(0.5 * (dW + transposed(dW)))


def _newton_direction(state: _State, gradient: Array) -> Array:
    """The solution of Hessian D = -gradient by conjugate gradients, in the basis of the state."""
    weights, frame = 0.5 * (1 / state.h[:, :, None] + 1 / state.h[:, None, :]), state.frame
    D, r = np.zeros_like(gradient), -gradient
    p = z = r / weights
    product, size = _product(r, z), _product(r, r)
    # the residual shall be a tenth of the gradient, or as small as its square
    goal, going = np.minimum(0.01, size) * size, size > 0
    for _ in range(MOST_INNER_STEPS):
        q = state.hessian(p, frame)
        curvature = _product(p, q)
        # where the goal is reached, or no curvature is left beyond rounding, D stays as it is
        going = going & (curvature > EPS * _product(p, weights * p))
        length = (going * product / np.where(going, curvature, 1.0))[:, None, None]
        D, r = D + length * p, r - length * q
        going = going & (_product(r, r) >= goal)
        if not going.any():
            break
        z = r / weights
        previous, product = product, _product(r, z)
        p = z + (product / np.where(going, previous, 1.0))[:, None, None] * p
    return D


def _shortened(A: Array, B: Array, S: Array, state: _State, D: Array) -> Array:
    """The step along D, halved until the smoothed norm falls, in the basis of the blocks."""
    step, length, trying = transposed(state.Vh) @ D @ state.Vh, np.ones(len(D)), np.arange(len(D))
    value, slope = np.sum(state.h, axis=-1) * (1 + 1e-14), 1e-4 * _product(state.gradient, D)
    there, smoothing = A + S + step, state.smoothing
    for _ in range(20):
        sigma = np.linalg.svd(np.concatenate([there, B[trying]], axis=-2), compute_uv=False)
        fallen = np.sum(np.hypot(sigma, smoothing[trying, None]), axis=-1) <= (value + length * slope)[trying]
        if fallen.all():
            break
        trying = trying[~fallen]
        length[trying] *= 0.5
        there = (A + S)[trying] + length[trying, None, None] * step[trying]
    return np.asarray(length[:, None, None] * step)


def _norm(X: Array) -> Array:
    """The Frobenius norms of a stack."""
    return np.asarray(np.sqrt(_product(X, X)))


def _spectral_norm(X: Array) -> Array:
    """The largest singular values of a stack."""
    return np.asarray(np.linalg.norm(X, ord=2, axis=(-2, -1)))


def _product(X: Array, Z: Array) -> Array:
    """The real inner products of the matrices of two stacks."""
    return np.asarray(np.einsum("kij,kij->k", X.conj(), Z).real)
