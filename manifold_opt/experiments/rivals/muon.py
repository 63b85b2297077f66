"""Muon: momentum whose matrices are made orthogonal, on weights that are free."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.rivals.rule import ArrayMoments, Rule, adam_direction, adam_moments, transposed
from manifold_opt.optimizers.schedule import Rate, check_fraction, check_rate, rate_at
from manifold_opt.spaces import HomogeneousSpace

__all__ = ["Muon", "orthogonalized"]

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of K. Jordan's iteration: singular values go to the neighbourhood of 1, from 0.68 to 1.13, and fast."""


@final
@dataclass(frozen=True)
class Muon(Rule):
    r"""Nesterov momentum, orthogonalized by five Newton-Schulz iterations, for the matrices of the blocks.

    .. math:: M \leftarrow \mu M + G, \quad O = \mathrm{orthogonalized}(G + \mu M), \quad
        Y \leftarrow Y - 0.2\sqrt{\max(N, n)}\,\eta\,O .

    The steps are orthogonal here, the weights are free. Biases and classifier are trained by Adam. What differs from
    the public implementations: the factor 0.2 of J. Liu et al. (arXiv:2502.16982, section 2.2), which gives the entries
    the size of Adam's steps, so that one rate serves all weights, in place of K. Jordan's
    :math:`\sqrt{\max(1, N/n)}` with a rate of its own; iterations in the precision of the weights, not in bfloat16; no
    weight decay; every head's matrix is orthogonalized by itself.

    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

    Parameters
    ----------
    learning_rate : float or callable
        The rate, a number or a function of the step t = 1, 2, ...
    momentum : float
        The number mu, in [0, 1).

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of its range.

    Examples
    --------
    The first step of a matrix with equal singular values goes along it:

    >>> import numpy as np
    >>> from manifold_opt import Euclidean
    >>> from manifold_opt.experiments.rivals import Muon
    >>> rule, space, Y = Muon(0.1), Euclidean(4, 4), np.zeros((1, 4, 4))
    >>> Y, _ = rule.update(space, Y, 7 * np.eye(4)[None], rule.init(space, Y), 1)
    >>> np.allclose(Y, Y[0, 0, 0] * np.eye(4)), bool(-0.05 < Y[0, 0, 0] < -0.02)
    (True, True)
    """

    learning_rate: Rate = 1e-3
    momentum: float = 0.95

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_fraction("momentum", self.momentum)

    def init(self, space: HomogeneousSpace, Y: Array) -> ArrayMoments:
        """The moment is zero; those of Adam for the rest."""
        return {"m": np.zeros_like(Y)} if _is_hidden(space, Y) else adam_moments(Y)

    def update(self, space: HomogeneousSpace, Y: Array, dL: Array, moments: ArrayMoments,
               t: int) -> tuple[Array, ArrayMoments]:
        """Momentum, orthogonalization, step."""
        rate = rate_at("learning_rate", self.learning_rate, t)
        if not _is_hidden(space, Y):
            direction, moments = adam_direction(dL, moments, t)
            return Y - rate * direction, moments
        m = self.momentum * moments["m"] + dL
        O = orthogonalized(dL + self.momentum * m)
        return Y - float(0.2 * np.sqrt(max(Y.shape[-2:])) * rate) * O, {"m": m}


def orthogonalized(M: Array, iterations: int = 5) -> Array:
    """Matrices with the singular vectors of M (..., N, n) and singular values near one, by products alone.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments.rivals.muon import orthogonalized
    >>> sigma = np.linalg.svd(orthogonalized(np.random.default_rng(0).normal(size=(49, 7))), compute_uv=False)
    >>> bool(0.6 < sigma.min() and sigma.max() < 1.2)
    True
    """
    a, b, c = QUINTIC
    X = M if M.shape[-2] <= M.shape[-1] else transposed(M)
    norm = np.sqrt((X * X).sum(axis=(-2, -1), keepdims=True))
    X = X / np.maximum(norm, np.finfo(X.dtype).tiny)
    for _ in range(iterations):
        S = X @ transposed(X)
        X = a * X + (b * S + c * S @ S) @ X
    return np.asarray(X if M.shape[-2] <= M.shape[-1] else transposed(X))


def _is_hidden(space: HomogeneousSpace, Y: Array) -> bool:
    """Whether an array is a stack of matrices, as the weights of the blocks are."""
    return len(space.shape) == 2 and Y.ndim > 2
