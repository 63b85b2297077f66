"""The global tangent space of vector spaces: B alone."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.tangent.element import HorizontalElement
from manifold_opt.tangent.global_tangent_space import GlobalTangentSpace

__all__ = ["VectorTangentSpace"]


@final
class VectorTangentSpace(GlobalTangentSpace):
    r"""The arrays of one shape, :math:`\mathfrak g^{hor} = R^m`: the global tangent space of a vector space.

    Paper: v4, section 4, the special case in which the generalized Adam is the ordinary one.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays; any.

    Examples
    --------
    >>> from manifold_opt.tangent import VectorTangentSpace
    >>> space = VectorTangentSpace((2, 3))
    >>> space.dimension, space.zero().A.shape, space.zero().B.shape
    (6, (0, 0), (2, 3))
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.A_shape, self.B_shape = (0, 0), tuple(check_integer("length", length, 0) for length in shape)

    @property
    def dimension(self) -> int:
        """Number of entries."""
        return int(np.prod(self.B_shape))

    def project_frame(self, a: Array) -> Array:
        """A copy of a, which has no entries."""
        return a.copy()

    def coordinates(self, X: HorizontalElement) -> Array:
        """The entries in one row."""
        return X.B.reshape(*X.batch, self.dimension)

    def element(self, c: Array) -> HorizontalElement:
        """The array with the entries c (..., d)."""
        return self.horizontal_part(self._split(c)[1])

    def horizontal_part(self, X: Array) -> HorizontalElement:
        r"""The array X (..., \*shape) itself."""
        return HorizontalElement(np.zeros((*X.shape[:X.ndim - len(self.B_shape)], 0, 0), X.dtype), X, self)

    def bracket(self, X: HorizontalElement, W: HorizontalElement) -> HorizontalElement:
        """Zero: translations commute."""
        return X * 0.0

    def to_dense(self, X: HorizontalElement) -> Array:
        """A copy of the array."""
        return X.B.copy()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VectorTangentSpace) and self.B_shape == other.B_shape

    def __hash__(self) -> int:
        return hash((VectorTangentSpace, self.B_shape))

    def __repr__(self) -> str:
        return f"VectorTangentSpace({self.B_shape})"
