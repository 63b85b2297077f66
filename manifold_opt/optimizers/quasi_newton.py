"""BFGS with a line search, over all parameters at once."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.optimizers.adam_w import has_constant_norm
from manifold_opt.optimizers.bfgs import BFGS, descent_direction, update_inverse_hessian
from manifold_opt.optimizers.guard import check_moved
from manifold_opt.optimizers.line_search import Trial, line_search
from manifold_opt.optimizers.objective import Objective
from manifold_opt.optimizers.optimizer import Optimizer
from manifold_opt.optimizers.scaling import exponent, scaled
from manifold_opt.optimizers.schedule import rate_at
from manifold_opt.sections import GlobalSection, RetractionError
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import HorizontalElement

__all__ = ["QuasiNewton", "is_finite_tree"]

ORDINARY = 40
"""Binary exponents of gradients whose products are safe in both dtypes."""


@final
class QuasiNewton:
    """The iteration of :func:`~manifold_opt.minimize` with BFGS.

    The coordinates of all parameters (and of all members of a stack) make up one vector, with one inverse Hessian of
    d x d numbers for the dimension d of the whole. The line search has the derivative of the loss at each trial point:
    the product of the differential there with the derivative of the curve. Loss and gradient are divided by a power of
    two where the first gradient is far from one, so that their products neither overflow nor underflow.

    >>> import numpy as np
    >>> from manifold_opt import BFGS, Euclidean, Optimizer
    >>> from manifold_opt.optimizers.objective import Objective
    >>> from manifold_opt.optimizers.quasi_newton import QuasiNewton
    >>> objective = Objective(lambda x: (np.sum((x - 1) ** 2), 2 * (x - 1)), True)
    >>> walk = QuasiNewton(Optimizer(BFGS(), Euclidean(2)), objective, np.zeros(2))
    >>> for step in range(3):
    ...     status = walk.step()
    >>> walk.x.round(12)
    array([1., 1.])
    """

    def __init__(self, optimizer: Optimizer, objective: Objective, x: Tree) -> None:
        assert isinstance(optimizer.method, BFGS)
        self.optimizer, self.objective, self.method = optimizer, objective, optimizer.method
        self.sections = map_tree(lambda parameter: parameter.section, optimizer.init(x).parameters)
        self.x, self.t, self.finite = x, 0, True
        self.value, self.gradient = objective(x)
        k = exponent(self.gradient)
        self.unit = k if abs(k) > ORDINARY else 0
        self.g = self._coordinates(self.sections, self.gradient)
        self.H, self.updates = self._identity()

    def step(self) -> int | None:
        """One line search and one update; returns the status if it must be the last one."""
        p, self.H = descent_direction(self.H, self.g)
        p = rate_at("learning_rate", self.method.learning_rate, self.t + 1) * p
        length = max(float(np.max(X.norm(), initial=0.0)) for _, X in leaves(self._elements(p)))
        if length > self.method.max_norm:
            p, length = p * (self.method.max_norm / length), self.method.max_norm
        self.finite = True
        compact = all(has_constant_norm(space) for _, space in leaves(self.optimizer.spaces))
        longest = 2 * np.pi / length if compact and length > 0 else np.inf
        found = line_search(lambda t: self._trial(t, p), float(np.ldexp(self.value, -self.unit)), float(p @ self.g),
                            longest=longest)
        if found is None:
            if not np.array_equal(self.H, np.eye(self.g.size)):
                # the inverse Hessian may be stale: once more along the gradient
                self.H, self.updates = self._identity()
                return self.step()
            return 2 if self.finite else 3
        t, (_, _, (self.value, sections, self.gradient, g)) = found
        self.H, self.updates = update_inverse_hessian(self.H, self.updates, t * p, g - self.g)
        self.t += 1
        restore = self.optimizer.restore
        if restore and self.t % restore == 0:
            sections = map_tree(lambda section: section.restore(), sections)
            self.value, self.gradient = self.objective(_points(sections))
            g = self._coordinates(sections, self.gradient)
        self.sections, self.g, self.x = sections, g, _points(sections)
        return None

    def _trial(self, t: float, p: Array) -> Trial:
        """Loss and derivative at step t; an infinite loss where the step is impossible."""
        impossible = np.inf, 0.0, None
        direction = self._elements(p)
        try:
            sections = map_tree(lambda path, space, section, X: self._moved(path, space, section, X * t),
                                self.optimizer.spaces, self.sections, direction, names=True)
            velocity = map_tree(lambda section, X: section.derivative(X, self.optimizer.retraction, t), self.sections,
                                direction)
        except (RetractionError, np.linalg.LinAlgError):
            return impossible
        value, gradient = self.objective(_points(sections))
        if not is_finite_tree(value, gradient):
            self.finite = False
            return impossible
        g = self._coordinates(sections, gradient)
        slope = float(_vector(velocity) @ g)
        return float(np.ldexp(value, -self.unit)), slope, (value, sections, gradient, g)

    def _moved(self, path: str, space: HomogeneousSpace, section: GlobalSection, W: HorizontalElement) -> GlobalSection:
        """The section moved by W; RetractionError if its point is off the space."""
        with np.errstate(over="ignore", invalid="ignore"):
            moved = section.move(W, self.optimizer.retraction)
            check_moved(path, space, moved, W, self.t + 1)
        return moved

    def _identity(self) -> tuple[Array, Array]:
        """The first inverse Hessian and the number of its updates."""
        return np.eye(self.g.size, dtype=self.g.dtype), np.zeros((), np.int64)

    def _coordinates(self, sections: Tree, gradient: Tree) -> Array:
        """The coordinates of the differentials of all parameters as one vector, in the unit of this run."""
        return _vector(map_tree(lambda section, dL: section.lift_differential(dL), sections,
                                scaled(gradient, -self.unit)))

    def _elements(self, p: Array) -> Tree:
        """The inverse of `_vector`: one element of the global tangent space for each parameter."""
        position = 0

        def one(section: GlobalSection) -> HorizontalElement:
            nonlocal position
            space, Y = section.tangent_space, section.point
            batch = Y.shape[:Y.ndim - len(space.B_shape)]
            size = int(np.prod(batch)) * space.dimension
            c = p[position:position + size].reshape(*batch, space.dimension).astype(Y.real.dtype)
            position += size
            return space.element(c)

        return map_tree(one, self.sections)


def _vector(elements: Tree) -> Array:
    """The coordinates of an element for each parameter as one vector."""
    return np.concatenate([X.space.coordinates(X).ravel() for _, X in leaves(elements)])


def is_finite_tree(value: float, gradient: Tree) -> bool:
    """Whether loss and gradient are finite."""
    return bool(np.isfinite(value)) and all(bool(np.isfinite(dL).all()) for _, dL in leaves(gradient))


def _points(sections: Tree) -> Tree:
    return map_tree(lambda section: section.point, sections)
