"""The global tangent space of a product: the direct sum of those of the factors."""
from __future__ import annotations

from typing import Any, final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.tangent.global_tangent_space import GlobalTangentSpace

__all__ = ["DirectSum"]


@final
class DirectSum(GlobalTangentSpace):
    r"""The direct sum :math:`\mathfrak g_1^{hor} \oplus \dots \oplus \mathfrak g_k^{hor}`.

    Its elements are trees of elements of the summands; the inner product is the sum of theirs, and the coordinates of
    one summand follow those of the other.

    Paper: v4, section 4, where the weights of a network are a product of manifolds and vector spaces.

    Parameters
    ----------
    summands : nested dict, list or tuple of GlobalTangentSpace
        The global tangent spaces of the factors.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean, Product, Stiefel
    >>> space = Product({"Q": Stiefel(5, 2), "b": Euclidean(3)}).tangent_space
    >>> X = space.random(np.random.default_rng(0))
    >>> c = space.coordinates(X)
    >>> space.dimension, c.shape, bool(np.isclose(c @ c, X["Q"].inner(X["Q"]) + X["b"].inner(X["b"])))
    (10, (10,), True)
    >>> np.array_equal(space.element(c)["Q"].B, X["Q"].B)
    True
    """

    def __init__(self, summands: Tree) -> None:
        self.summands = summands

    @property
    def dimension(self) -> int:
        """Sum of the dimensions of the summands."""
        return sum(space.dimension for _, space in leaves(self.summands))

    def zero(self, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64) -> Tree:
        """The zero elements, each a stack of shape `batch`."""
        return map_tree(lambda space: space.zero(batch, dtype), self.summands)

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64) -> Tree:
        """Elements whose coordinates are independent standard normal numbers."""
        return map_tree(lambda space: space.random(rng, batch, dtype), self.summands)

    def project_frame(self, a: Tree) -> Tree:
        """The nearest frame blocks in the summands."""
        return self._by_summands("project_frame", a)

    def coordinates(self, X: Tree) -> Array:
        """The coordinates of the summands, one after the other (..., d)."""
        return np.concatenate([c for _, c in leaves(self._by_summands("coordinates", X))], axis=-1)

    def element(self, c: Array) -> Tree:
        """The elements with the coordinates c (..., d)."""
        ends = np.cumsum([space.dimension for _, space in leaves(self.summands)])[:-1]
        parts = iter(np.split(c, ends, axis=-1))
        return map_tree(lambda space: space.element(next(parts)), self.summands)

    def horizontal_part(self, X: Tree) -> Tree:
        """The elements with the blocks of dense elements of the Lie algebras."""
        return self._by_summands("horizontal_part", X)

    def bracket(self, X: Tree, W: Tree) -> Tree:
        """The horizontal parts of the commutators in the summands."""
        return self._by_summands("bracket", X, W)

    def to_dense(self, X: Tree) -> Tree:
        """The dense forms in the summands."""
        return self._by_summands("to_dense", X)

    def _by_summands(self, name: str, *trees: Tree) -> Any:
        """A method of the summands, applied to each part of the trees."""
        return map_tree(lambda space, *parts: getattr(space, name)(*parts), self.summands, *trees,
                        labels=("the product", "X", "W"))

    def __repr__(self) -> str:
        return f"DirectSum({self.summands!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DirectSum) and self.summands == other.summands

    def __hash__(self) -> int:
        return hash(tuple(leaves(self.summands)))
