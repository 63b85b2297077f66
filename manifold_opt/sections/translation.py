"""The section of a vector space, a translation."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.sections.retraction import Retraction
from manifold_opt.sections.retractions import get_retraction
from manifold_opt.sections.section import GlobalSection
from manifold_opt.tangent import HorizontalElement, VectorTangentSpace

__all__ = ["TranslationSection"]


@final
class TranslationSection(GlobalSection):
    r"""The section of a vector space: the translation by Y, through which every lift is the identity.

    Paper: v4, section 4, the special case in which the generalized Adam is the ordinary one.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., \*shape).
    tangent_space : VectorTangentSpace
        The vector space, which says how many axes a single point has; the axes before them are the stack.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean
    >>> section = Euclidean(3).global_section(np.ones(3))
    >>> section.move(section.lift(np.arange(3.0)), "cayley").point
    array([1., 2., 3.])
    """

    tangent_space: VectorTangentSpace

    def __init__(self, Y: Array, tangent_space: VectorTangentSpace) -> None:
        self.point, self.tangent_space = Y, tangent_space

    def to_dense(self) -> Array:
        """The translation, which is the point itself."""
        return self.point

    def lift(self, Delta: Array) -> HorizontalElement:
        """Delta as element of the global tangent space."""
        return self.tangent_space.horizontal_part(Delta)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        """The gradient as element of the global tangent space."""
        return self.lift(dL)

    def push(self, X: HorizontalElement) -> Array:
        """The vector itself."""
        return X.B

    def act(self, Y: Array) -> Array:
        """The translated arrays."""
        return self.point + Y

    def move(self, W: HorizontalElement, retraction: str | Retraction) -> TranslationSection:
        """The section over Y + W, whatever the retraction."""
        get_retraction(retraction)
        return TranslationSection(np.asarray(self.point + W.B), self.tangent_space)

    def derivative(self, X: HorizontalElement, retraction: str | Retraction, t: float) -> HorizontalElement:
        """X itself, whatever the retraction."""
        get_retraction(retraction)
        return X

    def restore(self) -> TranslationSection:
        """The section itself: a vector space has no constraint."""
        return self

    def to_arrays(self) -> dict[str, Array]:
        """The array Y."""
        return {"Y": self.point}
