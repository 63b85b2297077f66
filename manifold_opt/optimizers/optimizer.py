"""One step of any method for a tree of parameters, of which some lie on manifolds and the rest in vector spaces."""
from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite, check_integer, check_trailing_shape
from manifold_opt.arrays.trees import Tree, leaves, map_tree, spread
from manifold_opt.optimizers.adam_w import AdamW, has_constant_norm
from manifold_opt.optimizers.guard import (GradientError, check_gradient, check_moments, check_moved, check_velocity,
                                           keep, named)
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_rate
from manifold_opt.optimizers.storage import load_parameter, load_steps, save_parameter
from manifold_opt.sections import GlobalSection, Retraction, RetractionError, get_retraction
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.spaces.product import Product, ProductSection, factors

__all__ = ["Optimizer", "OptimizerState", "ParameterState"]

SECTIONS = ("transported", "reflector")


@final
@dataclass(frozen=True)
class ParameterState:
    """What is remembered of one parameter: the section over it, the moments, and its number of steps."""

    section: GlobalSection
    moments: Moments
    t: int = 0


@final
@dataclass(frozen=True)
class OptimizerState:
    """All that an optimizer remembers between steps.

    The arrays in it belong to the state: they are shared with no array that was given to the optimizer or that it gave
    away, and are there to be read. Points are marked read-only; :meth:`Optimizer.params` returns copies of them.

    Attributes
    ----------
    t : int
        Number of steps taken.
    parameters : nested dict, list or tuple of ParameterState
        Section, moments and number of steps of each parameter, in the structure of the spaces.
    kind : tuple
        Name of the method, name of the section, and tree of spaces for which the state was made.
    section : GlobalSection
        The section over all parameters, as a point of the product of their spaces.
    sections, moments : mapping
        The section over each parameter, whose point is the parameter, and what the method remembers of it, by path.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Adam, Optimizer, Stiefel
    >>> state = Optimizer(Adam(), {"Q": Stiefel(4, 2)}).init({"Q": np.eye(4, 2)})
    >>> state.t, list(state.sections), list(state.moments["Q"])
    (0, ['Q'], ['B1', 'B2'])
    """

    t: int
    parameters: Tree
    kind: tuple[str, str, Tree]

    @property
    def section(self) -> GlobalSection:
        """The section over the parameters as one point, of the product of their spaces if there are several."""
        sections = map_tree(lambda parameter: parameter.section, self.parameters)
        return sections if isinstance(sections, GlobalSection) else ProductSection(sections)

    @property
    def sections(self) -> Mapping[str, GlobalSection]:
        """The section over each parameter, by path."""
        return _ByPath(self.parameters, "section")

    @property
    def moments(self) -> Mapping[str, Moments]:
        """What the method remembers of each parameter, by path."""
        return _ByPath(self.parameters, "moments")


class _ByPath(Mapping[str, Any]):
    """One attribute of the leaves of a tree, by path."""

    def __init__(self, tree: Tree, attribute: str) -> None:
        self._leaves, self._attribute = dict(leaves(tree)), attribute

    def __getitem__(self, path: str) -> Any:
        return getattr(self._leaves[path], self._attribute)

    def __iter__(self) -> Iterator[str]:
        return iter(self._leaves)

    def __len__(self) -> int:
        return len(self._leaves)


@final
class Optimizer:
    r"""A method applied to a tree of parameters.

    One step, for each parameter: lift the Euclidean gradient through the section, update the moments in the global
    tangent space, move the section along the velocity, and read off the new point,

    .. math::

        \bar B = \lambda(Y)^{-1}\Omega(Y, \mathrm{grad}\,L)\lambda(Y), \quad W = \mathrm{method}(\bar B), \quad
        \Lambda \leftarrow \Lambda\,\mathcal R(W), \quad Y \leftarrow \Lambda E.

    Arrays are never shared with the caller. What comes in is copied where it is kept, what goes out is the caller's:
    parameters, gradients and stored arrays may be written to at any time, and may be read-only.

    Paper: v4, section 4, the general framework of which Adam is one method.

    Parameters
    ----------
    method : Method
        Gradient, Momentum, Adam, AdamW, AdamWithDecay, BFGS or a method of your own.
    spaces : HomogeneousSpace, Product, or nested dict, list or tuple of them
        The space of each parameter; a parameter may be a stack of points.
    retraction : str or Retraction
        "cayley" or "geodesic".
    section : {"transported", "reflector"}
        The paper's section, which is carried along as a group element, or the implicit one, which follows from the
        point in O(Nn^2) time and O(Nn) memory.
    restore : int or None
        Every so many steps a Newton-Schulz step squares the rounding defect that has accumulated; None for the bare
        algorithm. Over 100,000 steps on St(7, 49) and SpSt(4, 12) the defect stays below 3 eps sqrt(N) with the
        default, and reaches some 40 eps sqrt(N) without, in both dtypes.
    rates : number, callable, or nested dict, list or tuple of them, optional
        Learning rates of groups of parameters, in place of that of the method: a tree that may end earlier than that
        of the spaces, where a rate then stands for all parameters below it. None, or a key left out, is the rate of
        the method.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; the message names it and lists the valid choices.

    Warns
    -----
    UserWarning
        If the method is :class:`AdamW` and no parameter has a norm that decay could change.

    Examples
    --------
    The column that maximizes Tr(Y^T M Y) is the leading eigenvector:

    >>> import numpy as np
    >>> from manifold_opt import Adam, Optimizer, Stiefel
    >>> M = np.diag([3.0, 2.0, 1.0])
    >>> params, optimizer = {"Y": np.ones((3, 1)) / np.sqrt(3)}, Optimizer(Adam(1e-2), {"Y": Stiefel(3, 1)})
    >>> state = optimizer.init(params)
    >>> for step in range(500):
    ...     params, state = optimizer.step(params, {"Y": -2 * M @ params["Y"]}, state)
    >>> np.allclose(np.abs(params["Y"]), [[1], [0], [0]], atol=1e-3)
    True
    """

    def __init__(self, method: Method, spaces: Tree, retraction: str | Retraction = "cayley",
                 section: str = "transported", restore: int | None = 100, rates: Tree = None) -> None:
        if not isinstance(method, Method):
            raise TypeError(f"method must be a Method such as Adam(): got {type(method).__name__}")
        if section not in SECTIONS:
            raise ValueError(f"section must be one of {', '.join(SECTIONS)}: got {section!r}")
        if restore is not None:
            check_integer("restore (steps, or None)", restore, 1)
        self.method, self.spaces, self.section, self.restore = method, factors(spaces), section, restore
        single = isinstance(self.spaces, HomogeneousSpace)
        self.space: HomogeneousSpace = self.spaces if single else Product(self.spaces)
        self.retraction = get_retraction(retraction)
        paths = [path for path, _ in leaves(self.spaces)]
        if len(set(paths)) < len(paths) or any("/" in path for path in paths):
            raise ValueError(f"names of parameters must differ when joined by dots and hold no '/': got {paths}")
        self.methods = map_tree(self._method_of, self.spaces, spread(rates, self.spaces), names=True)
        self.kind = type(method).__name__, section, self.spaces
        if isinstance(method, AdamW) and all(has_constant_norm(space) for _, space in leaves(self.spaces)):
            warnings.warn("weight_decay does nothing here: on Stiefel and Grassmann manifolds all points have the same "
                          "norm; Adam is the same method", stacklevel=2)

    def _method_of(self, path: str, space: HomogeneousSpace, rate: Rate | None) -> Method:
        if rate is None:
            return self.method
        return self.method.with_rate(check_rate(f"rate of {path!r}" if path else "rates", rate))

    def project(self, params: Tree) -> tuple[Tree, Tree]:
        """The points nearest to given arrays, and how far each of them is moved.

        Parameters
        ----------
        params : nested dict, list or tuple of numpy.ndarray
            Arrays in the structure of `spaces`; each may be a stack (..., \\*shape).

        Returns
        -------
        points : nested dict, list or tuple of numpy.ndarray
            The nearest points, as new arrays.
        distances : nested dict, list or tuple of numpy.ndarray
            The Frobenius norms (...) of what was added, one for each member of a stack; zero on vector spaces.

        Raises
        ------
        TypeError, ValueError
            If the tree does not match the spaces, or an array has no nearest point; the message names the parameter.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import Adam, Euclidean, Optimizer, Stiefel
        >>> optimizer = Optimizer(Adam(), {"Q": Stiefel(3, 1), "b": Euclidean(2)})
        >>> points, distances = optimizer.project({"Q": np.array([[3.0], [0.0], [4.0]]), "b": np.ones(2)})
        >>> points["Q"].ravel(), float(distances["Q"]), float(distances["b"])
        (array([0.6, 0. , 0.8]), 4.0, 0.0)
        """
        points = map_tree(_nearest, self.spaces, params, names=True)
        return points, map_tree(_distance, self.spaces, params, points)

    def init(self, params: Tree, *, project: bool = False) -> OptimizerState:
        """The state before the first step.

        Parameters
        ----------
        params : nested dict, list or tuple of numpy.ndarray
            Points in the structure of `spaces`; each may be a stack (..., \\*shape). They are copied.
        project : bool
            Whether to start from the nearest points in place of `params` themselves. :meth:`project` says how far they
            are; :meth:`params` gives them, which the first step takes.

        Returns
        -------
        OptimizerState

        Raises
        ------
        TypeError, ValueError
            If the tree does not match the spaces, a parameter is no point of its space, or has no nearest point; the
            message names it.
        """
        if project:
            params, _ = self.project(params)

        def start(path: str, space: HomogeneousSpace, Y: Any) -> ParameterState:
            name = named("parameter", path)
            # finite first: NaN has no defect
            Y = check_finite(name, check_array(name, Y)).copy()
            space.check_point(Y, name)
            try:
                section = space.global_section(Y, self.section)
            except (ValueError, np.linalg.LinAlgError) as error:
                raise ValueError(f"{name}: {error}") from error
            batch = Y.shape[:Y.ndim - len(space.shape)]
            return ParameterState(_closed(section), self.method.init(space.tangent_space.zero(batch, Y.dtype)))

        return OptimizerState(0, map_tree(start, self.spaces, params, names=True, labels=("spaces", "params")),
                              self.kind)

    def step(self, params: Tree, grads: Tree, state: OptimizerState,
             overwrite: bool = False) -> tuple[Tree, OptimizerState]:
        """One step. Nothing is changed in place; on an error parameters and state are as they were.

        Parameters
        ----------
        params : nested dict, list or tuple of numpy.ndarray
            The parameters that the last step (or `init`) left, with the same entries.
        grads : nested dict, list or tuple of numpy.ndarray or None
            Euclidean gradients, in structure, shapes and dtypes of the parameters. A parameter whose gradient is None
            rests: point, section, moments and its own count of steps, from which the method reckons, stay as they are.
        state : OptimizerState
            The state that the last step (or `init`) left.
        overwrite : bool
            Whether the new moments and the complements of the transported sections are written over those of the given
            state, which is used up then, by an error in the middle of the step as well. It takes less time and memory.
            Nothing else is overwritten: parameters, gradients, and what `save_state` returned stay as they are.

        Returns
        -------
        params, state
            New parameters, which are the caller's, and new state.

        Raises
        ------
        TypeError, ValueError
            If a tree does not match, a gradient has another shape or dtype, is not finite or overflows in the
            moments, or parameters and state do not belong together; the message names the parameter.
        RetractionError
            If the retraction is undefined or overflows, or the new point would be off its space by more than
            100 eps sqrt(N(1 + t)); the message names parameter, defect and length of the step.
        """
        self._check_state(state)
        grads = map_tree(_check_step, self.spaces, params, grads, state.parameters, names=True,
                         labels=("spaces", "params", "grads", "state"))
        in_place = bool(overwrite)

        def step_one(path: str, space: HomogeneousSpace, method: Method, dL: Array | None,
                     old: ParameterState) -> ParameterState:
            return old if dL is None else self._step_one(path, space, method, dL, old, in_place)

        # what overflows is found and named
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            parameters = map_tree(step_one, self.spaces, self.methods, grads, state.parameters, names=True)
        state = OptimizerState(state.t + 1, parameters, self.kind)
        return self._params(state), state

    def params(self, state: OptimizerState) -> Tree:
        """The parameters of a state, which are the points of its sections, as new arrays.

        Parameters
        ----------
        state : OptimizerState
            From `init`, `step` or `load_state`.

        Returns
        -------
        nested dict, list or tuple of numpy.ndarray
        """
        self._check_state(state)
        return self._params(state)

    def save_state(self, state: OptimizerState) -> dict[str, Array]:
        """The state as a flat dict of new arrays, for :func:`numpy.savez`; no pickle is needed.

        Parameters
        ----------
        state : OptimizerState
            From `init` or `step`.

        Returns
        -------
        dict of str to numpy.ndarray
            Keys such as "t", "method", "space/blocks.query", "section/blocks.query/Y", "moment/blocks.query/B1/A".
        """
        self._check_state(state)
        arrays: dict[str, Array] = {"t": np.array(state.t), "method": np.array(self.kind[0]),
                                    "section": np.array(self.section)}
        for (path, space), (_, parameter) in zip(leaves(self.spaces), leaves(state.parameters)):
            arrays.update(save_parameter(path, space, parameter.section, parameter.moments, parameter.t))
        return arrays

    def load_state(self, arrays: Any) -> OptimizerState:
        """The state from the arrays of :meth:`save_state`, which are copied; training goes on bit for bit.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            A dict, or what :func:`numpy.load` returns for an npz file.

        Returns
        -------
        OptimizerState

        Raises
        ------
        TypeError, ValueError
            If the arrays are not those of a state of this optimizer: a parameter too many or too few, another space,
            method or section, an array that is missing, superfluous, of another shape or dtype, not finite, or off the
            space or group; the message names parameter and array. The learning rate may have changed since.
        """
        t, stored = load_steps(arrays, self.kind[:2], [path for path, _ in leaves(self.spaces)])

        def load(path: str, space: HomogeneousSpace) -> ParameterState:
            section, moments, own = load_parameter(stored, path, space, self.section, self.method, t)
            return ParameterState(_closed(section), moments, own)

        state = OptimizerState(t, map_tree(load, self.spaces, names=True), self.kind)
        if stored:
            raise ValueError(f"stored state must hold no more than this optimizer needs: got {sorted(stored)[0]!r}")
        return state

    def _step_one(self, path: str, space: HomogeneousSpace, method: Method, dL: Array, old: ParameterState,
                  in_place: bool) -> ParameterState:
        """The step of one parameter."""
        name, t = named("parameter", path), old.t + 1
        try:
            W, moments = method.step(old.section, dL, old.moments, t, in_place=in_place)
            check_moments(path, space, dL, moments)
            check_velocity(path, W)
            section = (old.section.move_in_place if in_place else old.section.move)(W, self.retraction)
            check_moved(path, space, section, W, t)
            if self.restore and t % self.restore == 0:
                section = section.restore()
        except GradientError:
            raise
        except (ValueError, np.linalg.LinAlgError) as error:
            # whatever makes the step impossible; messages of the guard name the parameter already
            raise RetractionError(str(error) if str(error).startswith(name) else f"{name}: {error}") from error
        return ParameterState(_closed(section), keep(moments, dL), t)

    def _params(self, state: OptimizerState) -> Tree:
        return map_tree(lambda parameter: parameter.section.point.copy(), state.parameters)

    def _check_state(self, state: Any) -> None:
        """TypeError or ValueError unless a state was made by an optimizer such as this one."""
        if not isinstance(state, OptimizerState):
            raise TypeError(f"state must be an OptimizerState, from init or load_state: got {type(state).__name__}")
        if state.kind is self.kind or state.kind == self.kind:
            return
        method, section, tree = state.kind
        if (method, section) != self.kind[:2]:
            raise ValueError(f"state must be one of {self.kind[0]} with the {self.section} section: got one of "
                             f"{method} with the {section} section")
        got, needed = dict(leaves(tree)), dict(leaves(self.spaces))
        path = next((path for path in [*needed, *got] if got.get(path) != needed.get(path)), "")
        raise ValueError(f"state must be one of the same parameters: {named('parameter', path)} has the space "
                         f"{got.get(path)} in the state and {needed.get(path)} in the optimizer")


def _nearest(path: str, space: HomogeneousSpace, M: Any) -> Array:
    """The point nearest to a parameter; the error names it."""
    name = named("parameter", path)
    M = check_trailing_shape(name, check_finite(name, check_array(name, M)), space.shape)
    try:
        return space.nearest_point(M)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise ValueError(f"{name} must have a nearest point: {error}") from error


def _distance(space: HomogeneousSpace, M: Array, Y: Array) -> Array:
    """The Frobenius distances (...) of the members of two stacks."""
    difference = np.abs(np.asarray(Y - M))
    return np.asarray(np.sqrt(np.sum(difference**2, axis=tuple(range(-len(space.shape), 0)))))


def _closed(section: GlobalSection) -> GlobalSection:
    """The section with a read-only point."""
    section.point.flags.writeable = False
    return section


def _check_step(path: str, space: HomogeneousSpace, Y: Any, dL: Any, parameter: ParameterState) -> Array | None:
    """The border of `step`: everything is checked before anything is computed; returns the gradient."""
    point = parameter.section.point
    Y = check_array(named("parameter", path), Y)
    if Y.dtype != point.dtype or Y.shape != point.shape or not (np.asarray(Y) == point).all():
        raise ValueError(f"{named('parameter', path)} must be that of the state: it was changed since then")
    return None if dL is None else check_gradient(path, dL, point)
