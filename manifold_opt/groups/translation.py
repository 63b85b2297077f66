"""The translations of a vector space."""
from __future__ import annotations

from math import prod
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import (Array, check_array, check_dtype, check_integer, check_sampling,
                                        check_trailing_shape)
from manifold_opt.groups.base import LieGroup

__all__ = ["TranslationGroup"]


@final
class TranslationGroup(LieGroup):
    """The translations of the arrays of one shape, with addition as the product and the arrays as Lie algebra.

    Paper: v4, section 4, where vector spaces are the special case in which the generalized Adam is the ordinary one.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays; any.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import TranslationGroup
    >>> group = TranslationGroup((2, 3))
    >>> M = group.random(np.random.default_rng(0))
    >>> np.array_equal(group.product(M, group.inverse(M)), group.identity())
    True
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = tuple(check_integer("length", length, 0) for length in shape)

    @property
    def dimension(self) -> int:
        """Number of entries."""
        return prod(self.shape)

    def identity(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The zero array."""
        return np.zeros(self.shape, check_dtype("dtype", dtype))

    def product(self, M: Array, K: Array) -> Array:
        """The sums M + K."""
        return np.asarray(self._check("M", M) + self._check("K", K))

    def inverse(self, M: Array) -> Array:
        """The opposite translations."""
        return np.asarray(-self._check("M", M))

    def act(self, M: Array, Y: Array) -> Array:
        """The translated arrays M + Y."""
        return np.asarray(self._check("M", M) + self._check("Y", Y))

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.float64) -> Array:
        """Standard normal arrays (*batch, *shape)."""
        batch, dtype = check_sampling(rng, batch, dtype)
        return np.asarray(rng.standard_normal((*batch, *self.shape))).astype(dtype)

    def defect(self, M: Array) -> Array:
        """Zero: every array is a translation."""
        M = self._check("M", M)
        return np.zeros(M.shape[:M.ndim - len(self.shape)], M.dtype)

    def project_algebra(self, X: Array) -> Array:
        """A copy of X: every array is in the algebra."""
        return self._check("X", X).copy()

    def algebra_defect(self, X: Array) -> Array:
        """Zero: every array is in the algebra."""
        return self.defect(self._check("X", X))

    def exp(self, X: Array) -> Array:
        """A copy of X: the algebra and the group are the same arrays."""
        return self._check("X", X).copy()

    def cayley(self, X: Array) -> Array:
        """A copy of X."""
        return self._check("X", X).copy()

    def _check(self, name: str, M: Array) -> Array:
        return check_trailing_shape(name, check_array(name, M, self.field), self.shape)

    def __repr__(self) -> str:
        return f"TranslationGroup({self.shape})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TranslationGroup) and self.shape == other.shape

    def __hash__(self) -> int:
        return hash((TranslationGroup, self.shape))
