"""One step of any method for a tree of parameters, of which some lie on manifolds and the rest in vector spaces."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite, is_finite
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.sections import GlobalSection, Retraction, RetractionError, get_retraction
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.spaces.product import factors
from manifold_opt.tangent import HorizontalElement

__all__ = ["Optimizer", "OptimizerState"]

SECTIONS = ("transported", "reflector")


@final
@dataclass(frozen=True)
class OptimizerState:
    """All that an optimizer remembers between steps.

    Attributes
    ----------
    t : int
        Number of steps taken.
    sections : dict
        The section over each parameter, by path; its point is the parameter.
    moments : dict
        What the method remembers of each parameter, by path.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Adam, Optimizer, Stiefel
    >>> state = Optimizer(Adam(), {"Q": Stiefel(4, 2)}).init({"Q": np.eye(4, 2)})
    >>> state.t, list(state.sections), list(state.moments["Q"])
    (0, ['Q'], ['B1', 'B2'])
    """

    t: int
    sections: dict[str, GlobalSection]
    moments: dict[str, Moments]


@final
class Optimizer:
    r"""A method applied to a tree of parameters, all with one learning rate.

    One step, for each parameter: lift the Euclidean gradient through the section, update the moments in the global
    tangent space, move the section along the velocity, and read off the new point,

    .. math::

        B = \lambda(Y)^{-1}\Omega(Y, \mathrm{grad}\,L)\lambda(Y), \quad W = \mathrm{method}(B), \quad
        \Lambda \leftarrow \Lambda\,\mathcal R(W), \quad Y \leftarrow \Lambda E.

    Paper: v4, section 4, the general framework of which Adam is one method.

    Parameters
    ----------
    method : Method
        Gradient, Momentum, Adam, AdamWithDecay, BFGS or a method of your own.
    spaces : HomogeneousSpace, Product, or nested dict or list of them
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

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; the message names it and lists the valid choices.

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
                 section: str = "transported", restore: int | None = 100) -> None:
        if not isinstance(method, Method):
            raise TypeError(f"method must be a Method such as Adam(): got {type(method).__name__}")
        if section not in SECTIONS:
            raise ValueError(f"section must be one of {', '.join(SECTIONS)}: got {section!r}")
        if restore is not None and (isinstance(restore, bool) or not isinstance(restore, (int, np.integer))):
            raise TypeError(f"restore must be None or an integer (steps): got {restore!r}")
        if restore is not None and restore < 1:
            raise ValueError(f"restore must be None or at least 1 (steps): got {restore}")
        self.method, self.spaces, self.section, self.restore = method, factors(spaces), section, restore
        self.retraction = get_retraction(retraction)
        paths = [path for path, _ in leaves(self.spaces)]
        if len(set(paths)) < len(paths) or any("/" in path for path in paths):
            raise ValueError(f"names of parameters must differ when joined by dots and hold no '/': got {paths}")

    def init(self, params: Tree) -> OptimizerState:
        """The state before the first step.

        Parameters
        ----------
        params : nested dict or list of numpy.ndarray
            Points in the structure of `spaces`; each may be a stack (..., \\*shape).

        Returns
        -------
        OptimizerState

        Raises
        ------
        TypeError, ValueError
            If the tree does not match the spaces, or a parameter is no point of its space; the message names it.
        """
        sections: dict[str, GlobalSection] = {}
        moments: dict[str, Moments] = {}

        def start(path: str, space: HomogeneousSpace, Y: Array) -> None:
            name = _named("parameter", path)
            # finite first: the defect of NaN is no number
            space.check_point(check_finite(name, check_array(name, Y)), name)
            sections[path] = space.global_section(Y, self.section)
            moments[path] = self.method.start(sections[path])

        map_tree(start, self.spaces, params, names=True)
        return OptimizerState(0, sections, moments)

    def step(self, params: Tree, grads: Tree, state: OptimizerState,
             overwrite: bool = False) -> tuple[Tree, OptimizerState]:
        """One step. Nothing is changed in place; on an error parameters and state are as they were.

        Parameters
        ----------
        params : nested dict or list of numpy.ndarray
            The parameters that the last step (or `init`) left.
        grads : nested dict or list of numpy.ndarray
            Euclidean gradients, in structure, shapes and dtypes of the parameters.
        state : OptimizerState
            The state that the last step (or `init`) left.
        overwrite : bool
            Whether the new moments and the complements of the transported sections are written over those of the given
            state, which is used up then, by an error in the middle of the step as well. It takes less time and memory.
            Parameters and gradients are never overwritten.

        Returns
        -------
        params, state
            New parameters and new state.

        Raises
        ------
        TypeError, ValueError
            If a tree does not match, a gradient has another shape or dtype or is not finite, or the parameters are
            not those of the state; the message names the parameter.
        RetractionError
            If the retraction is undefined or overflows (symplectic spaces).
        """
        map_tree(lambda path, space, Y, dL: _check_gradient(path, Y, dL, state), self.spaces, params, grads, names=True)
        t = state.t + 1
        update = self.method.update_in_place if overwrite else self.method.update
        sections: dict[str, GlobalSection] = {}
        moments: dict[str, Moments] = {}

        def step_one(path: str, dL: Array) -> Array:
            G = self.method.read(state.sections[path], dL)
            W, moments[path] = update(G, state.moments[path], t)
            section = _move(path, state.sections[path], W, self.retraction, overwrite)
            sections[path] = section.restore() if self.restore and t % self.restore == 0 else section
            return sections[path].point

        params = map_tree(step_one, grads, names=True)
        return params, OptimizerState(t, sections, moments)

    def save_state(self, state: OptimizerState) -> dict[str, Array]:
        """The state as a flat dict of arrays, for :func:`numpy.savez`; no pickle is needed.

        Parameters
        ----------
        state : OptimizerState
            From `init` or `step`.

        Returns
        -------
        dict of str to numpy.ndarray
            Keys such as "t", "section/blocks.query/Y", "moment/blocks.query/B1/A".
        """
        arrays: dict[str, Array] = {"t": np.array(state.t)}
        for path, section in state.sections.items():
            arrays.update({f"section/{path}/{name}": value for name, value in section.to_arrays().items()})
        for path, moments in state.moments.items():
            for name, moment in moments.items():
                if isinstance(moment, HorizontalElement):
                    arrays.update({f"moment/{path}/{name}/A": moment.A, f"moment/{path}/{name}/B": moment.B})
                else:
                    arrays[f"moment/{path}/{name}"] = moment
        return arrays

    def load_state(self, arrays: Any) -> OptimizerState:
        """The state from the arrays of :meth:`save_state`; training goes on bit for bit.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            A dict, or what :func:`numpy.load` returns for an npz file.

        Returns
        -------
        OptimizerState

        Raises
        ------
        ValueError
            If an array is missing; the message names it.
        """
        sections: dict[str, GlobalSection] = {}
        moments: dict[str, Moments] = {}
        try:
            for path, space in leaves(self.spaces):
                stored = {key.rpartition("/")[2]: arrays[key] for key in arrays if key.startswith(f"section/{path}/")}
                sections[path] = space.load_section(stored, self.section)
                moments[path] = {name: _load_moment(arrays, f"moment/{path}/{name}", moment)
                                 for name, moment in self.method.start(sections[path]).items()}
            return OptimizerState(int(arrays["t"]), sections, moments)
        except KeyError as error:
            raise ValueError(f"stored state must hold all arrays of this optimizer: no {error.args[0]}") from error


def _move(path: str, section: GlobalSection, W: HorizontalElement, retraction: Retraction,
          overwrite: bool) -> GlobalSection:
    """The moved section; RetractionError naming the parameter if there is none."""
    try:
        moved = section.move_in_place(W, retraction) if overwrite else section.move(W, retraction)
    except RetractionError as error:
        raise RetractionError(f"{_named('parameter', path)}: {error}") from error
    if not is_finite(moved.point):
        overflow = f"the step overflows {moved.point.dtype}: take a smaller one"
        raise RetractionError(f"{_named('parameter', path)}: {overflow}")
    return moved


def _named(noun: str, path: str) -> str:
    """How messages call a leaf; a single array has no path."""
    return f"{noun} {path!r}" if path else noun


def _load_moment(arrays: Any, key: str, like: HorizontalElement | Array) -> HorizontalElement | Array:
    if isinstance(like, HorizontalElement):
        return HorizontalElement(_load(arrays, f"{key}/A", like.A), _load(arrays, f"{key}/B", like.B), like.space)
    return _load(arrays, key, like)


def _load(arrays: Any, key: str, like: Array) -> Array:
    stored = np.asarray(arrays[key])
    if stored.shape != like.shape or stored.dtype != like.dtype:
        raise ValueError(f"stored array {key!r} must have shape {like.shape} and dtype {like.dtype}: "
                         f"got {stored.shape}, {stored.dtype}")
    return stored


def _check_gradient(path: str, Y: Array, dL: Array, state: OptimizerState) -> None:
    """The border of `step`: everything is checked before anything is computed."""
    name = _named("gradient of", path) if path else "gradient"
    check_array(name, dL)
    point = state.sections[path].point
    if Y is not point and not np.array_equal(Y, point):
        raise ValueError(f"{_named('parameter', path)} must be that of the state: it was changed since then")
    if dL.shape != point.shape or dL.dtype != point.dtype:
        raise ValueError(f"{name} must have shape {point.shape} and dtype {point.dtype}: got {dL.shape}, {dL.dtype}")
    check_finite(name, dL)
