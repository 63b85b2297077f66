r"""The range of a velocity of the O(N) spaces in an orthonormal basis, in which it is skew-symmetric."""
from __future__ import annotations

import numpy as np
import scipy.linalg

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.matrix_functions import newton_schulz
from manifold_opt.arrays.rotations import EXACT_SIZE, round_to_grid
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.sections.group_step import LowRankStep
from manifold_opt.tangent import HorizontalElement

__all__ = ["compressed_velocity", "orthonormal_factors", "rotation_step"]


def compressed_velocity(W: HorizontalElement) -> tuple[Array, Array, Array]:
    r"""The directions Q of :math:`B = QR` and the matrix :math:`X = [[A, -R^*], [R, 0]]` of the velocity in the basis
    :math:`[E, E_\perp Q]`, with what X lacks by rounding.
    """
    n, adjoint = W.A.shape[-1], W.adjoint
    Q, R = orthonormal_factors(W.B, adjoint)
    k = Q.shape[-1]
    X = np.zeros((*W.batch, n + k, n + k), W.dtype)
    rest = np.zeros_like(X)
    if n + k <= EXACT_SIZE and W.dtype.char in "dD":
        R, small = _refined(Q, W.B, adjoint)
        rest[..., n:, :n], rest[..., :n, n:] = small, -adjoint(small)
    X[..., :n, :n], X[..., n:, :n], X[..., :n, n:] = W.A, R, -adjoint(R)
    return Q, X, rest


def orthonormal_factors(M: Array, adjoint: Adjoint) -> tuple[Array, Array]:
    """The QR decomposition of M, with Q restored once: Householder reflections leave the columns of Q too long or too
    short in a way that repeats itself from step to step, which a long run adds up.
    """
    if M.ndim == 2 and M.size:
        # without the copies that NumPy makes of a stack
        Q, R = scipy.linalg.qr(M, mode="economic", check_finite=False)
    else:
        Q, R = np.linalg.qr(M)
    return newton_schulz(Q, adjoint), R


def rotation_step(Q: Array, D: Array, n: int) -> LowRankStep:
    """The step I + D in the basis of :func:`compressed_velocity`."""
    D = D.astype(Q.dtype, copy=False)
    return LowRankStep(Q, D[..., :n, :n], D[..., n:, :n], -D[..., :n, n:], -D[..., n:, n:], long=True)


def _refined(Q: Array, B: Array, adjoint: Adjoint) -> tuple[Array, Array]:
    r"""The factor :math:`R = (Q^*Q)^{-1/2}Q^*B` of the orthonormal basis nearest to Q, in double-double arithmetic.

    A rounded R would cost a long step its length in digits.
    """
    scale = np.exp2(np.ceil(np.log2(np.maximum(np.linalg.norm(B, axis=(-2, -1)), np.finfo(B.dtype).tiny))))
    B = B / scale[..., None, None]
    Q_grid, B_grid = round_to_grid(Q), round_to_grid(B)
    Q_rest, Q_grid_adjoint = Q - Q_grid, adjoint(Q_grid)
    R = Q_grid_adjoint @ B_grid
    small = Q_grid_adjoint @ (B - B_grid) + adjoint(Q_rest) @ B
    delta = (Q_grid_adjoint @ Q_grid - np.eye(Q.shape[-1])) + (Q_grid_adjoint @ Q_rest + adjoint(Q_rest) @ Q)
    small -= 0.5 * (delta @ R)
    rounded = R + small
    return rounded * scale[..., None, None], ((R - rounded) + small) * scale[..., None, None]
