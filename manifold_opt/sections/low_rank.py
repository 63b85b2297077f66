r"""Both retractions as the paper shows them, :math:`I + B'\psi(B''B')B''` with a 2n x 2n matrix function."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.sections.group_step import LowRankStep
from manifold_opt.tangent import HorizontalElement

__all__ = ["low_rank_step"]


def low_rank_step(W: HorizontalElement, psi: Callable[[Array], Array]) -> LowRankStep:
    r"""The step of :math:`\psi` with :math:`B' = [[\frac12A, I], [B, 0]]`, :math:`B'' = [[I, 0], [\frac12A, -B^*]]`.

    Paper: v4, section 4. With the blocks :math:`\psi_{ij}` of :math:`\psi(B''B')` the product
    :math:`B'\psi` has the block columns :math:`[\frac12A\psi_{1j} + \psi_{2j};\ B\psi_{1j}]`, from which the
    coefficients of the step are read. Exact for every velocity; what it costs in digits grows with the length.
    """
    A, B, n = W.A, W.B, W.A.shape[-1]
    X = np.empty((*W.batch, 2 * n, 2 * n), W.dtype)
    X[..., :n, :n] = X[..., n:, n:] = 0.5 * A
    X[..., :n, n:] = np.eye(n, dtype=W.dtype)
    X[..., n:, :n] = 0.25 * (A @ A) - W.adjoint(B) @ B
    values = psi(X)
    frame = 0.5 * A @ values[..., :n, :] + values[..., n:, :]
    gamma, delta = frame[..., n:], values[..., :n, n:]
    return LowRankStep(B, frame[..., :n] + 0.5 * gamma @ A, values[..., :n, :n] + 0.5 * delta @ A, gamma, delta)
