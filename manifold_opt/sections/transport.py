"""Parallel transport along geodesics, in the global tangent space."""
from __future__ import annotations

import numpy as np

from manifold_opt.tangent import HorizontalElement

__all__ = ["CONNECTIONS", "levi_civita_transport"]

CONNECTIONS = ("canonical", "levi_civita")
"""Names of the connections: that of the reductive space, and that without torsion."""


def levi_civita_transport(X: HorizontalElement, W: HorizontalElement) -> HorizontalElement:
    r"""The element :math:`e^TW` with :math:`TW = -\frac12[X, W]_{hor}`: the solution at time 1 of the equation
    :math:`W' = -\frac12[X, W]_{hor}` of the Levi-Civita transport along :math:`\exp(tX)`.

    Taylor series in as many equal pieces as X is long, since T has at most its norm on the quotients of O(N).

    Examples
    --------
    The equation has constant coefficients, so that two halves are the whole:

    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections.transport import levi_civita_transport
    >>> X, W = (Stiefel(5, 2).tangent_space.random(np.random.default_rng(seed)) for seed in (0, 1))
    >>> twice = levi_civita_transport(0.5 * X, levi_civita_transport(0.5 * X, W))
    >>> np.allclose(twice.to_dense(), levi_civita_transport(X, W).to_dense(), atol=1e-14)
    True
    """
    pieces = max(1, int(np.ceil(np.max(X.norm(), initial=0.0))))
    half = -0.5 / pieces * X
    for _ in range(pieces):
        term, k = W, 0
        while _largest(term) > 0.1 * np.finfo(W.dtype).eps * _largest(W) and k < 100:
            k += 1
            term = X.space.bracket(half, term) * (1.0 / k)
            W = W + term
    return W


def _largest(W: HorizontalElement) -> float:
    """The largest norm in a stack."""
    return float(np.max(W.norm(), initial=0.0))
