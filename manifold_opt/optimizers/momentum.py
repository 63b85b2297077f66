"""Gradient descent with momentum."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_fraction, check_rate, rate_at
from manifold_opt.tangent import HorizontalElement

__all__ = ["Momentum"]


@final
@dataclass(frozen=True)
class Momentum(Method):
    r"""Gradient descent with momentum, :math:`B_1 \leftarrow \alpha B_1 + \bar B`, :math:`W = -\eta B_1`.

    Under a constant gradient C the moment after s steps is :math:`C(1 - \alpha^s)/(1 - \alpha)`.
    Paper: v4, section 3 and section 5.

    Parameters
    ----------
    learning_rate : float or callable
        The rate :math:`\eta \ge 0`: a number, or a function of the step t = 1, 2, ...
    alpha : float
        The share of the old moment that is kept, in [0, 1).

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number or out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean, Momentum, Optimizer
    >>> optimizer = Optimizer(Momentum(learning_rate=1.0, alpha=0.5), Euclidean())
    >>> x, C = np.array(0.0), np.array(1.0)
    >>> state = optimizer.init(x)
    >>> for s in range(3):
    ...     x, state = optimizer.step(x, C, state)
    >>> float(x) == -(1 + 1.5 + 1.75)
    True
    """

    learning_rate: Rate = 1e-3
    alpha: float = 0.5

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_fraction("alpha", self.alpha)

    def init(self, like: HorizontalElement) -> Moments:
        """The moment is zero."""
        return {"B1": like.map(np.zeros_like)}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        r""":math:`B_1 \leftarrow \alpha B_1 + \bar B`, :math:`W = -\eta B_1`."""
        B1 = moments["B1"] * self.alpha + G
        return -rate_at("learning_rate", self.learning_rate, t) * B1, {"B1": B1}
