"""What a method is: a rule on the global tangent space, which knows neither point nor section."""
from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass, replace
from typing import Any

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers.schedule import Rate
from manifold_opt.sections import GlobalSection
from manifold_opt.tangent import HorizontalElement

__all__ = ["Method", "Moments"]

Moments = dict[str, Any]
"""What a method remembers, by name: elements of the global tangent space, or arrays."""


class Method(ABC):
    """A rule that turns gradients in the global tangent space into velocities; what it remembers is explicit state.

    Because the global tangent space is one fixed vector space, the rule needs no parallel transport. A method of your
    own gives :meth:`init` and :meth:`update`; it may keep the elements that it is given, but not write into them.

    Paper: v4, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.optimizers import Gradient
    >>> from manifold_opt.tangent import VectorTangentSpace
    >>> G = VectorTangentSpace((2,)).element(np.array([1.0, -2.0]))
    >>> method = Gradient(learning_rate=0.5)
    >>> W, moments = method.update(G, method.init(G), 1)
    >>> W.B
    array([-0.5,  1. ])
    """

    @abstractmethod
    def init(self, like: HorizontalElement) -> Moments:
        """The moments before the first step, in space, shape and dtype of an element, such as the zero element."""

    def global_gradient(self, section: GlobalSection, dL: Array) -> HorizontalElement:
        """What the method takes as gradient: the lift of the Riemannian gradient, unless a method overrides this."""
        return section.lift_gradient(dL)

    @abstractmethod
    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The velocity W and the new moments, from the gradient G of step t = 1, 2, ..."""

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same as :meth:`update`; a method may write the new moments over the old ones, which are used up."""
        return self.update(G, moments, t)

    def step(self, section: GlobalSection, dL: Array, moments: Moments, t: int, *,
             in_place: bool = False) -> tuple[HorizontalElement, Moments]:
        """The velocity W and the new moments, from the Euclidean gradient dL at the point of a section."""
        update = self.update_in_place if in_place else self.update
        return update(self.global_gradient(section, dL), moments, t)

    def with_rate(self, rate: Rate) -> Method:
        """The same method with another learning rate; TypeError if it has none that can be changed."""
        if is_dataclass(self) and any(field.name == "learning_rate" for field in fields(self)):
            return replace(self, learning_rate=rate)
        raise TypeError(f"rates must be None with {type(self).__name__}, which has no learning_rate to be replaced")
