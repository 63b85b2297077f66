"""What a method is: a rule on the global tangent space, which knows neither point nor section."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.sections import GlobalSection
from manifold_opt.tangent import HorizontalElement

__all__ = ["Method", "Moments", "check_rate", "check_fraction"]

Moments = dict[str, Any]
"""What a method remembers, by name: elements of the global tangent space, or arrays."""


class Method(ABC):
    """A rule that turns gradients in the global tangent space into velocities; what it remembers is explicit state.

    Because the global tangent space is one fixed vector space, the rule needs no parallel transport.
    Paper: v4, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.tangent import VectorTangentSpace
    >>> from manifold_opt.optimizers import Gradient
    >>> G = VectorTangentSpace((2,)).element(np.array([1.0, -2.0]))
    >>> method = Gradient(learning_rate=0.5)
    >>> W, moments = method.update(G, method.init(G), 1)
    >>> W.B
    array([-0.5,  1. ])
    """

    def read(self, section: GlobalSection, dL: Array) -> HorizontalElement:
        """What the method takes as gradient: the lift of the Riemannian gradient, unless a method overrides this."""
        return section.lift_gradient(dL)

    def start(self, section: GlobalSection) -> Moments:
        """The moments before the first step over a given section."""
        return self.init(section.lift(np.zeros_like(section.point)))

    @abstractmethod
    def init(self, G: HorizontalElement) -> Moments:
        """The moments before the first step, in the shape and dtype of an element G."""

    @abstractmethod
    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The velocity W and the new moments, from the gradient G of step t = 1, 2, ..."""

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same as :meth:`update`; a method may write the new moments over the old ones, which are used up."""
        return self.update(G, moments, t)


def check_rate(name: str, value: float) -> float:
    """Return a positive finite number.

    Parameters
    ----------
    name : str
        How the error message calls it.
    value : float
        What the caller gave.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the number is not positive and finite.

    Examples
    --------
    >>> from manifold_opt.optimizers.method import check_rate
    >>> check_rate("learning_rate", 1)
    1.0
    """
    if not 0.0 < value < float("inf"):
        raise ValueError(f"{name} must be positive and finite: got {value}")
    return float(value)


def check_fraction(name: str, value: float) -> float:
    """Return a number in [0, 1).

    Parameters
    ----------
    name : str
        How the error message calls it.
    value : float
        What the caller gave.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the number is not in [0, 1).

    Examples
    --------
    >>> from manifold_opt.optimizers.method import check_fraction
    >>> check_fraction("rho1", 0.9)
    0.9
    """
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1: got {value}")
    return float(value)
