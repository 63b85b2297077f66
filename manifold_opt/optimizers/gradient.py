"""Gradient descent."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_rate, rate_at
from manifold_opt.tangent import HorizontalElement

__all__ = ["Gradient"]


@final
@dataclass(frozen=True)
class Gradient(Method):
    r"""Gradient descent, :math:`W = -\eta\bar B`.

    Paper: v4, section 3 (the methods of which Adam is a refinement) and section 5.

    Parameters
    ----------
    learning_rate : float or callable
        The rate :math:`\eta \ge 0`: a number, or a function of the step t = 1, 2, ...

    Raises
    ------
    TypeError, ValueError
        If the rate is neither a finite number that is not negative nor a function.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean, Gradient, Optimizer
    >>> optimizer = Optimizer(Gradient(learning_rate=0.5), Euclidean(2))
    >>> x = np.array([1.0, 2.0])
    >>> optimizer.step(x, x, optimizer.init(x))[0]
    array([0.5, 1. ])
    """

    learning_rate: Rate = 1e-3

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)

    def init(self, like: HorizontalElement) -> Moments:
        """Nothing is remembered."""
        return {}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        r""":math:`W = -\eta\bar B`."""
        return -rate_at("learning_rate", self.learning_rate, t) * G, moments
