"""Adam with one second moment a matrix, to see whether the elementwise one pays."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.optimizers import Adam
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_rate, rate_at
from manifold_opt.tangent import HorizontalElement, VectorTangentSpace

__all__ = ["ScalarAdam"]


@final
@dataclass(frozen=True)
class ScalarAdam(Method):
    r"""Adam whose second moment is one number for each matrix, its mean square in the global tangent space.

    .. math:: v \leftarrow \frac{\rho_2 - \rho_2^t}{1 - \rho_2^t}v + \frac{1 - \rho_2}{1 - \rho_2^t}\,
        \frac{\frac12\|A\|^2 + \|B\|^2}{d}, \quad W = -\eta\,B_1/\sqrt{v + \delta^2},

    with d the dimension of the space. It is what is left of Adam without a global tangent space in which entries have a
    meaning: the norm does not depend on the section, so that two sections over the first point give the same steps.
    Free weights are trained by Adam.

    Source: J. Li, L. Fuxin, S. Todorovic, Efficient Riemannian optimization on the Stiefel manifold via the Cayley
    transform, ICLR 2020, algorithm 2, whose v is the squared norm itself: there the rate of orthonormal weights is
    greater than that of the others, here the division by d lets one rate serve all.

    Parameters
    ----------
    learning_rate : float or callable
        The rate, a number or a function of the step t = 1, 2, ...
    rho1, rho2, delta : float
        As those of :class:`~manifold_opt.Adam`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Grassmann, Optimizer
    >>> from manifold_opt.experiments.rivals import ScalarAdam
    >>> space, dL = Grassmann(3, 1), np.array([[0.0], [3.0], [4.0]])
    >>> optimizer = Optimizer(ScalarAdam(learning_rate=1.0), space)
    >>> _, state = optimizer.step(np.eye(3, 1), dL, optimizer.init(np.eye(3, 1)))
    >>> float(state.moments[""]["v"])
    12.5
    """

    learning_rate: Rate = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        self._adam()

    def init(self, G: HorizontalElement) -> Moments:
        """All moments are zero."""
        if _is_free(G):
            return self._adam().init(G)
        return {"B1": G.map(np.zeros_like), "v": np.zeros(G.batch, G.dtype)}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The velocity at step t, and the new moments."""
        if _is_free(G):
            return self._adam().update(G, moments, t)
        share1, share2 = (1 - self.rho1) / (1 - self.rho1**t), (1 - self.rho2) / (1 - self.rho2**t)
        square = G.inner(G) / G.space.dimension
        B1 = moments["B1"] * (1 - share1) + G * share1
        v = np.asarray((1 - share2) * moments["v"] + share2 * square, G.dtype)
        rate = rate_at("learning_rate", self.learning_rate, t)
        return B1.scale(-rate / np.sqrt(v + self.delta**2)), {"B1": B1, "v": v}

    def _adam(self) -> Adam:
        return Adam(self.learning_rate, self.rho1, self.rho2, self.delta)


def _is_free(G: HorizontalElement) -> bool:
    """Whether an element belongs to a vector space."""
    return isinstance(G.space, VectorTangentSpace)
