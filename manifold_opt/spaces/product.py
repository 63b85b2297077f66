"""Products of spaces."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.sections.retraction import Retraction
from manifold_opt.sections.section import GlobalSection
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import DirectSum

__all__ = ["Product", "ProductSection", "factors"]


@final
class Product(HomogeneousSpace):
    r"""The product of spaces, :math:`\mathcal M_1 \times \dots \times \mathcal M_k`, with every operation by factors.

    Points and tangent vectors are nested dicts, lists or tuples of arrays in the structure of the factors, and so are
    group, shape and elements of the global tangent space; the metric is the sum of the metrics of the factors. One
    :class:`~manifold_opt.Optimizer` steps all factors with one method and one learning rate; there, and in
    :func:`~manifold_opt.minimize`, the nested dict or list of spaces itself will do in place of the product.

    Many points of one space need no product: a stack (..., N, n) is the faster power of a space.

    Paper: v4, section 4, where the weights of a network are a product of manifolds and vector spaces.

    Parameters
    ----------
    factors : nested dict, list or tuple of HomogeneousSpace or Product
        The spaces; a product among them is replaced by its factors.

    Raises
    ------
    TypeError
        If a factor is no space.
    ValueError
        If there is no factor.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Adam, Euclidean, Optimizer, Stiefel
    >>> from manifold_opt.spaces import Product
    >>> space, rng = Product({"Q": Stiefel(5, 2), "b": Euclidean(3)}), np.random.default_rng(0)
    >>> space.dimension
    10
    >>> Y = space.random_point(rng)
    >>> Delta = space.random_tangent(rng, Y)
    >>> parts = [factor.metric(Y[name], Delta[name], Delta[name]) for name, factor in space.factors.items()]
    >>> np.allclose(space.metric(Y, Delta, Delta), sum(parts))
    True
    >>> optimizer = Optimizer(Adam(), space)
    >>> Y, state = optimizer.step(Y, Delta, optimizer.init(Y))
    >>> bool(space.point_defect(Y) < 1e-15)
    True
    """

    def __init__(self, factors: Tree) -> None:
        if not isinstance(factors, (dict, list, tuple)):
            raise ValueError(f"factors must be a dict, list or tuple of spaces: got {_name(factors)}")
        self.factors = _expand(factors, "factors")
        if not list(leaves(self.factors)):
            raise ValueError("factors must be a dict, list or tuple with at least one space: got none")
        self.group = map_tree(lambda space: space.group, self.factors)
        self.shape = map_tree(lambda space: space.shape, self.factors)
        self.tangent_space = DirectSum(map_tree(lambda space: space.tangent_space, self.factors))

    def canonical_point(self, dtype: npt.DTypeLike = np.float64) -> Tree:
        """The canonical points E of the factors."""
        return map_tree(lambda space: space.canonical_point(dtype), self.factors)

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Tree:
        """Random points, each factor a stack of shape `batch`."""
        return map_tree(lambda space: space.random_point(rng, batch, dtype), self.factors)

    def random_tangent(self, rng: np.random.Generator, Y: Tree) -> Tree:
        """Tangent vectors at Y that fill the tangent space."""
        return map_tree(lambda space, Y: space.random_tangent(rng, Y), self.factors, Y, labels=("the product", "Y"))

    def point_defect(self, Y: Tree) -> Array:
        """Root of the sum of the squared defects of the factors, of shape (...)."""
        return _root_of_squares(self._by_factors("point_defect", Y=Y))

    def tangent_defect(self, Y: Tree, Delta: Tree) -> Array:
        """Root of the sum of the squared defects of the factors, of shape (...)."""
        return _root_of_squares(self._by_factors("tangent_defect", Y=Y, Delta=Delta))

    def check_point(self, Y: Tree, name: str = "Y") -> Tree:
        """Return Y if every factor lies on its space; ValueError naming the factor otherwise."""
        return map_tree(lambda path, space, Y: space.check_point(Y, f"{name} at {path!r}"), self.factors, Y, names=True,
                        labels=("the product", name))

    def check_tangent(self, Y: Tree, Delta: Tree, name: str = "Delta") -> Tree:
        """Return Delta if every factor is tangent at Y; ValueError naming the factor otherwise."""
        return map_tree(lambda path, space, Y, Delta: space.check_tangent(Y, Delta, f"{name} at {path!r}"),
                        self.factors, Y, Delta, names=True, labels=("the product", "Y", name))

    def project_tangent(self, Y: Tree, Z: Tree) -> Tree:
        """The orthogonal projections onto the tangent spaces of the factors."""
        return self._by_factors("project_tangent", Y=Y, Z=Z)

    def metric(self, Y: Tree, Delta1: Tree, Delta2: Tree) -> Array:
        """The sum of the metrics of the factors, of shape (...)."""
        products = self._by_factors("metric", Y=Y, Delta1=Delta1, Delta2=Delta2)
        return np.asarray(sum(product for _, product in leaves(products)))

    def riemannian_gradient(self, Y: Tree, dL: Tree) -> Tree:
        """The Riemannian gradients in the factors."""
        return self._by_factors("riemannian_gradient", Y=Y, dL=dL)

    def horizontal_lift(self, Y: Tree, Delta: Tree) -> Tree:
        """The horizontal lifts in the factors."""
        return self._by_factors("horizontal_lift", Y=Y, Delta=Delta)

    def global_section(self, Y: Tree, kind: str = "transported") -> ProductSection:
        """The sections over the factors."""
        return ProductSection(map_tree(lambda space, Y: space.global_section(Y, kind), self.factors, Y,
                                       labels=("the product", "Y")))

    def load_section(self, arrays: Mapping[str, Array], kind: str) -> ProductSection:
        """The section from the arrays of :meth:`ProductSection.to_arrays`."""
        def load(path: str, space: HomogeneousSpace) -> GlobalSection:
            prefix = f"{path}/"
            own = {key[len(prefix):]: arrays[key] for key in arrays if key.startswith(prefix)}
            return space.load_section(own, kind)

        return ProductSection(map_tree(load, self.factors, names=True))

    def geodesic(self, Y: Tree, Delta: Tree) -> Tree:
        """The geodesics of the factors."""
        return self._by_factors("geodesic", Y=Y, Delta=Delta)

    def parallel_transport(self, Y: Tree, Delta: Tree, Z: Tree, connection: str = "levi_civita") -> Tree:
        """The parallel transports of the factors along their geodesics."""
        return map_tree(lambda space, *arrays: space.parallel_transport(*arrays, connection), self.factors, Y, Delta, Z,
                        labels=("the product", "Y", "Delta", "Z"))

    def cayley(self, Y: Tree, Delta: Tree) -> Tree:
        """The Cayley retractions of the factors."""
        return self._by_factors("cayley", Y=Y, Delta=Delta)

    def inverse_cayley(self, Y: Tree, Q: Tree) -> Tree:
        """The inverse Cayley retractions of the factors."""
        return self._by_factors("inverse_cayley", Y=Y, Q=Q)

    def nearest_point(self, M: Tree) -> Tree:
        """The nearest points in the factors."""
        return self._by_factors("nearest_point", M=M)

    def _by_factors(self, name: str, **trees: Tree) -> Tree:
        """A method of the factors, applied to each part of the trees; errors name factor and argument."""
        def call(path: str, space: HomogeneousSpace, *parts: Any) -> Any:
            try:
                return getattr(space, name)(*parts)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{', '.join(trees)} at {path!r}: {error}") from error

        return map_tree(call, self.factors, *trees.values(), names=True, labels=("the product", *trees))

    def __repr__(self) -> str:
        return f"Product({self.factors!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Product) and self.factors == other.factors

    def __hash__(self) -> int:
        return hash(tuple(leaves(self.factors)))


@final
class ProductSection(GlobalSection):
    """A global section over each factor; lifts are trees of elements of the global tangent spaces.

    >>> import numpy as np
    >>> from manifold_opt import Euclidean, Stiefel
    >>> from manifold_opt.spaces import Product
    >>> space, rng = Product([Stiefel(5, 2), Euclidean(3)]), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> Delta = space.random_tangent(rng, section.point)
    >>> [np.allclose(*pair) for pair in zip(section.push(section.lift(Delta)), Delta)]
    [True, True]
    """

    def __init__(self, sections: Tree) -> None:
        self.sections = sections
        self.point = map_tree(lambda section: section.point, sections)
        self.tangent_space = DirectSum(map_tree(lambda section: section.tangent_space, sections))

    def to_dense(self) -> Tree:
        """The group elements of the factors."""
        return map_tree(lambda section: section.to_dense(), self.sections)

    def lift(self, Delta: Tree) -> Tree:
        """The lifts of tangent vectors."""
        return map_tree(lambda section, Delta: section.lift(Delta), self.sections, Delta)

    def lift_gradient(self, dL: Tree) -> Tree:
        """The lifts of the Riemannian gradients, straight from the Euclidean ones."""
        return map_tree(lambda section, dL: section.lift_gradient(dL), self.sections, dL)

    def lift_differential(self, dL: Tree) -> Tree:
        """The differentials in the global tangent spaces."""
        return map_tree(lambda section, dL: section.lift_differential(dL), self.sections, dL)

    def push(self, X: Tree) -> Tree:
        """The tangent vectors at Y, the inverse of :meth:`lift`."""
        return map_tree(lambda section, X: section.push(X), self.sections, X)

    def act(self, Y: Tree) -> Tree:
        """The action of the group elements."""
        return map_tree(lambda section, Y: section.act(Y), self.sections, Y)

    def move(self, W: Tree, retraction: str | Retraction) -> ProductSection:
        """The section over the retracted point."""
        return ProductSection(map_tree(lambda section, W: section.move(W, retraction), self.sections, W))

    def move_in_place(self, W: Tree, retraction: str | Retraction) -> ProductSection:
        """The same as :meth:`move`; arrays of the sections except their points may be overwritten."""
        return ProductSection(map_tree(lambda section, W: section.move_in_place(W, retraction), self.sections, W))

    def restore(self) -> ProductSection:
        """The section after one Newton-Schulz step in each factor."""
        return ProductSection(map_tree(lambda section: section.restore(), self.sections))

    def to_arrays(self) -> dict[str, Array]:
        """The arrays of the sections, with keys such as "query/Y_perp"."""
        return {f"{path}/{name}": value for path, section in leaves(self.sections)
                for name, value in section.to_arrays().items()}


def factors(spaces: Any) -> Tree:
    """The tree of spaces with every product replaced by its factors; TypeError naming a leaf that is no space.

    >>> from manifold_opt import Euclidean, Stiefel
    >>> from manifold_opt.spaces.product import Product, factors
    >>> factors({"a": Product([Stiefel(3, 1), Euclidean()]), "b": Euclidean(2)})
    {'a': [Stiefel(3, 1), Euclidean()], 'b': Euclidean(2)}
    """
    return _expand(spaces, "spaces")


def _expand(tree: Tree, label: str) -> Tree:
    def expand(path: str, leaf: object) -> Tree:
        if isinstance(leaf, Product):
            return leaf.factors
        if not isinstance(leaf, HomogeneousSpace):
            where = f" at {path!r}" if path else ""
            raise TypeError(f"{label} must be homogeneous spaces: got {_name(leaf)}{where}")
        return leaf

    return map_tree(expand, tree, names=True)


def _name(leaf: object) -> str:
    return f"the class {leaf.__name__}" if isinstance(leaf, type) else type(leaf).__name__


def _root_of_squares(defects: Tree) -> Array:
    return np.asarray(np.sqrt(sum(np.square(defect) for _, defect in leaves(defects))))
