"""BFGS with a line search, over all parameters at once."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.optimizers.bfgs import BFGS, descent_direction, update_inverse_hessian
from manifold_opt.optimizers.line_search import Trial, line_search
from manifold_opt.optimizers.objective import Objective
from manifold_opt.optimizers.optimizer import Optimizer
from manifold_opt.sections import GlobalSection, RetractionError
from manifold_opt.tangent import HorizontalElement

__all__ = ["QuasiNewton"]


@final
class QuasiNewton:
    """The iteration of :func:`~manifold_opt.minimize` with BFGS.

    The coordinates of all parameters (and of all members of a stack) make up one vector, with one inverse Hessian of
    d x d numbers for the dimension d of the whole. Along the geodesic retraction the derivative of the loss at step t
    is exactly the product of the direction with the differential at the section moved by t.

    Parameters
    ----------
    optimizer : Optimizer
        Gives method (a BFGS), spaces, retraction and the interval of restoration.
    objective : Objective
        Loss and Euclidean gradient.
    x : numpy.ndarray, or nested dict or list of arrays
        Where to start.

    Examples
    --------
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
        sections = optimizer.init(x).sections
        self.sections = map_tree(lambda path, space: sections[path], optimizer.spaces, names=True)
        self.x = x
        self.value, self.gradient = objective(x)
        self.g = self._coordinates(self.sections, self.gradient)
        self.H = np.eye(self.g.size, dtype=self.g.dtype)
        self.updates, self.t = np.zeros((), np.int64), 0

    def step(self) -> int | None:
        """One line search and one update; returns the status if it must be the last one."""
        p, self.H = descent_direction(self.H, self.g)
        p = self.method.learning_rate * p
        longest = max(float(np.max(X.norm(), initial=0.0)) for _, X in leaves(self._elements(p)))
        if longest > self.method.max_norm:
            p = p * (self.method.max_norm / longest)
        self.finite = True
        found = line_search(lambda t: self._trial(t, p), self.value, float(p @ self.g))
        if found is None:
            if not np.array_equal(self.H, np.eye(self.g.size)):
                # the inverse Hessian may be stale: once more along the gradient
                self.H, self.updates = np.eye(self.g.size, dtype=self.g.dtype), np.zeros((), np.int64)
                return self.step()
            return 2 if self.finite else 3
        t, (self.value, _, (sections, self.gradient, g)) = found
        self.H, self.updates = update_inverse_hessian(self.H, self.updates, t * p, g - self.g)
        self.t += 1
        restore = self.optimizer.restore
        if restore and self.t % restore == 0:
            sections = map_tree(lambda section: section.restore(), sections)
            self.value, self.gradient = self.objective(map_tree(lambda section: section.point, sections))
            g = self._coordinates(sections, self.gradient)
        self.sections, self.g = sections, g
        self.x = map_tree(lambda section: section.point, sections)
        return None

    def _trial(self, t: float, p: Array) -> Trial:
        """Loss and derivative at step t; an infinite loss where the step is impossible."""
        try:
            sections = map_tree(lambda section, W: section.move(W, self.optimizer.retraction), self.sections,
                                self._elements(p * p.dtype.type(t)))
        except RetractionError:
            return np.inf, 0.0, None
        value, gradient = self.objective(map_tree(lambda section: section.point, sections))
        if not np.isfinite(value) or not all(np.isfinite(dL).all() for _, dL in leaves(gradient)):
            self.finite = False
            return np.inf, 0.0, None
        g = self._coordinates(sections, gradient)
        return value, float(p @ g), (sections, gradient, g)

    def _coordinates(self, sections: Tree, gradient: Tree) -> Array:
        """The coordinates of the differentials of all parameters as one vector."""
        def one(section: GlobalSection, dL: Array) -> Array:
            return section.tangent_space.coordinates(section.lift_differential(dL)).ravel()

        return np.concatenate([c for _, c in leaves(map_tree(one, sections, gradient))])

    def _elements(self, p: Array) -> Tree:
        """The inverse of `_coordinates`: one element of the global tangent space for each parameter."""
        position = 0

        def one(section: GlobalSection) -> HorizontalElement:
            nonlocal position
            space, Y = section.tangent_space, section.point
            batch = Y.shape[:Y.ndim - len(space.B_shape)]
            size = int(np.prod(batch)) * space.dimension
            c = p[position:position + size].reshape(*batch, space.dimension).astype(Y.dtype)
            position += size
            return space.element(c)

        return map_tree(one, self.sections)
