"""The translations of a vector space."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_array, check_integer, check_trailing_shape
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
    >>> np.array_equal(M + group.inverse(M), group.identity())
    True
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = tuple(check_integer("length", length, 0) for length in shape)

    def identity(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The zero array."""
        return np.zeros(self.shape, dtype)

    def inverse(self, M: Array) -> Array:
        """The opposite translations."""
        return -self._check(M, "M")

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.float64) -> Array:
        """Standard normal arrays (*batch, *shape)."""
        return rng.standard_normal((*batch, *self.shape)).astype(dtype)

    def defect(self, M: Array) -> Array:
        """Zero: every array is a translation."""
        return np.zeros(self._batch(M), M.dtype)

    def project_algebra(self, X: Array) -> Array:
        """X itself."""
        return self._check(X, "X")

    def algebra_defect(self, X: Array) -> Array:
        """Zero: every array is in the algebra."""
        return np.zeros(self._batch(X), X.dtype)

    def exp(self, X: Array) -> Array:
        """X itself: the algebra and the group are the same arrays."""
        return self._check(X, "X")

    def cayley(self, X: Array) -> Array:
        """X itself."""
        return self._check(X, "X")

    def _check(self, M: Array, name: str) -> Array:
        return check_trailing_shape(name, check_array(name, M), self.shape)

    def _batch(self, M: Array) -> tuple[int, ...]:
        return self._check(M, "M").shape[:M.ndim - len(self.shape)]

    def __repr__(self) -> str:
        return f"TranslationGroup({self.shape})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TranslationGroup) and self.shape == other.shape

    def __hash__(self) -> int:
        return hash((TranslationGroup, self.shape))
