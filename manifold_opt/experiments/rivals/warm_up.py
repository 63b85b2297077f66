"""A rate that rises linearly at first, for any method."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from manifold_opt.experiments.rivals.rule import Rate, rate_at
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.tangent import HorizontalElement

__all__ = ["Scheduled", "WarmUp"]


@final
@dataclass(frozen=True)
class WarmUp:
    """The rate of step t = 1, 2, ..., which rises linearly and reaches its full size at the given step.

    Examples
    --------
    >>> from manifold_opt.experiments.rivals.warm_up import WarmUp
    >>> [WarmUp(4, 0.5)(t) for t in (1, 2, 4, 5)]
    [0.125, 0.25, 0.5, 0.5]
    """

    steps: int
    rate: float

    def __call__(self, t: int) -> float:
        """The rate of step t."""
        return self.rate * min(1.0, t / self.steps)


@final
@dataclass(frozen=True)
class Scheduled(Method):
    """A method that is made anew with the rate of every step."""

    make: Callable[[float], Method]
    rate: Rate

    def init(self, G: HorizontalElement) -> Moments:
        """The moments of the method."""
        return self.make(rate_at(self.rate, 1)).init(G)

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """Its update with the rate of step t."""
        return self.make(rate_at(self.rate, t)).update(G, moments, t)

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same, in the arrays of the moments."""
        return self.make(rate_at(self.rate, t)).update_in_place(G, moments, t)
