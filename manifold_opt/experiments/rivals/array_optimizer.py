"""One step of a rule for a tree of parameters: the interface of the library's optimizer, without sections."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.experiments.rivals.rule import ArrayMoments, Rule
from manifold_opt.spaces import HomogeneousSpace

__all__ = ["ArrayOptimizer", "ArrayState"]


@final
@dataclass(frozen=True)
class ArrayState:
    """All that an :class:`ArrayOptimizer` remembers between steps.

    Attributes
    ----------
    t : int
        Number of steps taken.
    points : dict of str to numpy.ndarray
        The parameters, by path.
    moments : dict of str to dict of str to numpy.ndarray
        What the rule remembers of each parameter, by path and name.
    """

    t: int
    points: dict[str, Array]
    moments: dict[str, ArrayMoments]


@final
class ArrayOptimizer:
    """A rule applied to a tree of parameters, with the methods of :class:`manifold_opt.Optimizer`.

    Parameters
    ----------
    rule : Rule
        What is done to each parameter.
    spaces : nested dict or list of HomogeneousSpace
        The space of each parameter; a rule that constrains nothing takes no notice of it.

    Raises
    ------
    TypeError, ValueError
        By its methods, if a parameter or gradient has another shape or dtype or is not finite, or the parameters are
        not those of the state; the message names the parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.experiments.rivals import ArrayOptimizer, ProjectedAdam
    >>> space, optimizer = Stiefel(5, 2), ArrayOptimizer(ProjectedAdam(0.1), {"Y": Stiefel(5, 2)})
    >>> params = {"Y": space.random_point(np.random.default_rng(0))}
    >>> params, state = optimizer.step(params, {"Y": np.ones((5, 2))}, optimizer.init(params))
    >>> state.t, bool(space.point_defect(params["Y"]) < 1e-14)
    (1, True)
    """

    def __init__(self, rule: Rule, spaces: Tree) -> None:
        self.rule, self.spaces = rule, spaces

    def init(self, params: Tree) -> ArrayState:
        """The state before the first step; it keeps copies of the parameters."""
        points: dict[str, Array] = {}
        moments: dict[str, ArrayMoments] = {}

        def start(path: str, space: HomogeneousSpace, Y: Array) -> None:
            points[path] = check_finite(f"parameter {path!r}", check_array(f"parameter {path!r}", Y)).copy()
            moments[path] = self.rule.init(space, Y)

        map_tree(start, self.spaces, params, names=True)
        return ArrayState(0, points, moments)

    def step(self, params: Tree, grads: Tree, state: ArrayState, overwrite: bool = False) -> tuple[Tree, ArrayState]:
        """New parameters, which are the caller's, and the new state; nothing is changed in place, with `overwrite`
        neither."""
        t = state.t + 1
        points: dict[str, Array] = {}
        moments: dict[str, ArrayMoments] = {}

        def step_one(path: str, space: HomogeneousSpace, Y: Array, dL: Array) -> Array:
            if not np.array_equal(Y, state.points[path]):
                raise ValueError(f"parameter {path!r} must be that of the state: it was changed since then")
            check_finite(f"gradient of {path!r}", check_array(f"gradient of {path!r}", dL))
            if dL.shape != Y.shape or dL.dtype != Y.dtype:
                raise ValueError(f"gradient of {path!r} must have shape {Y.shape} and dtype {Y.dtype}: got {dL.shape}, "
                                 f"{dL.dtype}")
            points[path], moments[path] = self.rule.update(space, Y, dL, state.moments[path], t)
            return check_finite(f"parameter {path!r}", points[path]).copy()

        params = map_tree(step_one, self.spaces, params, grads, names=True)
        return params, ArrayState(t, points, moments)

    def params(self, state: ArrayState) -> Tree:
        """Copies of the parameters of a state."""
        return map_tree(lambda path, space: state.points[path].copy(), self.spaces, names=True)

    def save_state(self, state: ArrayState) -> dict[str, Array]:
        """The state as a flat dict of arrays."""
        arrays = {f"point/{path}": Y for path, Y in state.points.items()}
        arrays |= {f"moment/{path}/{name}": M for path, moments in state.moments.items() for name, M in moments.items()}
        return {"t": np.array(state.t), **arrays}

    def load_state(self, arrays: Mapping[str, Array]) -> ArrayState:
        """The state from :meth:`save_state`; ValueError if an array is missing."""
        try:
            points = {path: np.array(arrays[f"point/{path}"]) for path, _ in leaves(self.spaces)}
            moments = {path: {name: np.array(arrays[f"moment/{path}/{name}"])
                              for name in self.rule.init(space, points[path])}
                       for path, space in leaves(self.spaces)}
            return ArrayState(int(arrays["t"]), points, moments)
        except KeyError as error:
            raise ValueError(f"stored state must hold all arrays of this optimizer: no {error.args[0]!r}") from error
