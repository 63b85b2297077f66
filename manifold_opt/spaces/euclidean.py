"""Vector spaces, the special case in which the generalized Adam is the ordinary one."""
from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.groups.translation import TranslationGroup
from manifold_opt.sections.translation import TranslationSection
from manifold_opt.sections.transport import CONNECTIONS
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import VectorTangentSpace

__all__ = ["Euclidean"]


@final
class Euclidean(HomogeneousSpace):
    """The vector space of arrays of one shape, on which the translations act.

    Paper: v4, section 4.

    Parameters
    ----------
    *shape : int
        Shape of the arrays; none for numbers.

    Raises
    ------
    TypeError
        If a length is not an integer.
    ValueError
        If a length is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean
    >>> Euclidean(2).geodesic(np.zeros(2), np.ones(2))
    array([1., 1.])
    """

    tangent_space: VectorTangentSpace

    def __init__(self, *shape: int) -> None:
        self.group, self.tangent_space = TranslationGroup(shape), VectorTangentSpace(shape)
        self.shape = self.group.shape

    def canonical_point(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The zero array."""
        return self.group.identity(dtype)

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Array:
        """Standard normal arrays (*batch, *shape)."""
        return self.group.random(rng, batch, dtype)

    def point_defect(self, Y: Array) -> Array:
        """Zero: there is no constraint."""
        return self.group.defect(self._check("Y", Y))

    def tangent_defect(self, Y: Array, Delta: Array) -> Array:
        """Zero: every array is tangent."""
        self._check("Y", Y)
        return self.group.defect(self._check("Delta", Delta))

    def project_tangent(self, Y: Array, Z: Array) -> Array:
        """Z itself."""
        return self._check("Z", Z)

    def metric(self, Y: Array, Delta1: Array, Delta2: Array) -> Array:
        """The sum of the products of entries."""
        product = self._check("Delta1", Delta1) * self._check("Delta2", Delta2)
        return np.asarray(np.sum(product, axis=tuple(range(-len(self.shape), 0))))

    def riemannian_gradient(self, Y: Array, dL: Array) -> Array:
        """The Euclidean gradient itself."""
        return self._check("dL", dL)

    def horizontal_lift(self, Y: Array, Delta: Array) -> Array:
        """Delta itself, as element of the Lie algebra of the translations."""
        self._check("Y", Y)
        return self._check("Delta", Delta)

    def inverse_cayley(self, Y: Array, Q: Array) -> Array:
        """The difference Q - Y."""
        return np.asarray(self._check("Q", Q) - self._check("Y", Y))

    def parallel_transport(self, Y: Array, Delta: Array, Z: Array, connection: str = "levi_civita") -> Array:
        """A copy of Z, in either connection."""
        if connection not in CONNECTIONS:
            raise ValueError(f"connection must be one of {', '.join(CONNECTIONS)}: got {connection!r}")
        return np.array(np.broadcast_to(self._check("Z", Z), np.broadcast_shapes(Y.shape, Z.shape)))

    def nearest_point(self, M: Array) -> Array:
        """A copy of M."""
        return self._check("M", M).copy()

    def distance(self, Y: Array, Q: Array) -> Array:
        """The norm of the difference, of shape (...)."""
        difference = self.inverse_cayley(Y, Q)
        return np.asarray(np.sqrt(self.metric(Y, difference, difference)))

    def global_section(self, Y: Array, kind: str = "transported") -> TranslationSection:
        """The translation by Y, whatever the kind."""
        if kind not in ("transported", "reflector"):
            raise ValueError(f"kind must be one of transported, reflector: got {kind!r}")
        return TranslationSection(self._check("Y", Y), self.tangent_space)

    def load_section(self, arrays: Mapping[str, Array], kind: str) -> TranslationSection:
        """The translation by the array Y."""
        return TranslationSection(self._check("stored Y", arrays["Y"]), self.tangent_space)
