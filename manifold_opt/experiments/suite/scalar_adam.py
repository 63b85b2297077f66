"""Adam with one second moment a matrix, to see whether the elementwise one pays."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.tangent import HorizontalElement

__all__ = ["ScalarAdam"]


@final
@dataclass(frozen=True)
class ScalarAdam(Method):
    r"""Adam whose second moment is the mean of the squared entries of B, one number for each matrix of a stack.

    It is what is left of Adam without a global tangent space in which entries have a meaning; the norm does not depend
    on the section, and so neither does this method. Bias correction as in :class:`~manifold_opt.Adam`.

    Source: the scalar second moment of G. Becigneul and O.-E. Ganea, Riemannian adaptive optimization methods,
    arXiv:1810.00760, on a single factor.

    Parameters
    ----------
    learning_rate, rho1, rho2, delta : float
        As those of :class:`~manifold_opt.Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.tangent import VectorTangentSpace
    >>> from manifold_opt.experiments.suite.scalar_adam import ScalarAdam
    >>> G = VectorTangentSpace((2,)).element(np.array([3.0, 4.0]))
    >>> method = ScalarAdam(learning_rate=1.0)
    >>> W, _ = method.update(G, method.init(G), 1)
    >>> np.allclose(W.B, -np.array([3.0, 4.0]) / np.sqrt(12.5))
    True
    """

    learning_rate: float = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def init(self, G: HorizontalElement) -> Moments:
        """Both moments are zero."""
        return {"B1": G.map(np.zeros_like), "v": np.zeros(G.batch, G.B.dtype)}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The velocity at step t, and the new moments."""
        rho1, rho2 = self.rho1, self.rho2
        n = G.A.shape[-1]
        entries = max(n * (n - 1) // 2 + _size(G), 1)
        B1 = moments["B1"] * ((rho1 - rho1**t) / (1 - rho1**t)) + G * ((1 - rho1) / (1 - rho1**t))
        v = (moments["v"] * ((rho2 - rho2**t) / (1 - rho2**t))
             + G.inner(G) / entries * ((1 - rho2) / (1 - rho2**t))).astype(G.B.dtype)
        factor = -self.learning_rate / (np.sqrt(v) + self.delta)
        return B1.map(lambda block: block * _spread(factor, block)), {"B1": B1, "v": v}


def _size(G: HorizontalElement) -> int:
    """Number of entries of B of a single matrix."""
    return int(np.prod(G.B.shape[len(G.batch):]))


def _spread(factor: Array, block: Array) -> Array:
    """The factors with axes of length one for those of a single matrix."""
    return factor.reshape(factor.shape + (1,) * (block.ndim - factor.ndim)).astype(block.dtype)
