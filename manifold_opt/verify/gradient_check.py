"""The check of a user's own gradient."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.spaces.product import Product
from manifold_opt.verify.differences import velocity
from manifold_opt.verify.identity import Bound
from manifold_opt.verify.report import IdentityReport, Record
from manifold_opt.verify.run import draw_seed
from manifold_opt.verify.slopes import TOLERANCE, Slope, fit_slope
from manifold_opt.verify.trial import Trial

__all__ = ["check_gradient"]

DIRECTIONS = 5
"""Number of random directions in which a gradient is checked, besides its own."""
DERIVATIVE = ("gradient: directional derivative", "d/dt L(R(t Delta)) = dL(Delta)", "v4, section 2")
REMAINDER = ("gradient: Taylor slope", "|L(R(t Delta)) - L(Y) - t dL(Delta)| = O(t^2)",
             "Absil, Mahony, Sepulchre 2008, section 4")
TANGENT = ("gradient: tangent", "grad L is tangent at Y", "v4, section 2")


def check_gradient(space: Tree, fun: Callable[[Tree], Any], grad: Callable[[Tree], Tree] | Tree, Y: Tree, *,
                   rng: np.random.Generator | int = 0, riemannian: bool = False,
                   retraction: Any = None) -> IdentityReport:
    r"""Verify the gradient of a loss at a point: numbers and a verdict, not a picture to be judged.

    In several random tangent directions, and in that of the gradient itself, two things are measured: the derivative
    of the loss along the retracted curve by extrapolated differences, which must equal the pairing with the
    gradient to :math:`\mathrm{eps}^{4/5}` of the size of the loss on the curve; and the slope of the Taylor remainder
    :math:`|L(R_Y(t\Delta)) - L(Y) - t\,dL(\Delta)|`, which must be 2 at least. The first one sees a gradient that is
    wrong by a part in a billion, for which the remainder still looks quadratic over most of the window. In a tree each
    parameter is measured alone as well, and the failure names it.

    Where the derivative along a parameter vanishes, as at a solution, every multiple of a right gradient is right. A
    function `grad` is then measured at a second point, a step of length one away; an array cannot be.

    Parameters
    ----------
    space : object, Product, or nested dict or list of them
        The space of each parameter, as :class:`~manifold_opt.Optimizer` takes it; an object of your own must offer a
        retraction (`geodesic` or `cayley`), and `random_tangent` or `project_tangent`.
    fun : callable
        The loss, from the parameters to one number.
    grad : callable, or tree of numpy.ndarray
        The gradient at Y, or the function that gives it: the Euclidean gradient, the arrays of partial derivatives,
        unless `riemannian` is set.
    Y : tree of numpy.ndarray
        The parameters, each a point or a stack of points.
    rng : int or numpy.random.Generator
        Chooses the directions.
    riemannian : bool
        Whether `grad` gives the Riemannian gradient; then it must be tangent and is paired in the metric.
    retraction : callable, str or None
        A function (Y, Delta) -> Y of the whole trees in place of the spaces' own, or the name of their method.

    Returns
    -------
    IdentityReport
        False as a truth value if the gradient is wrong; `slopes` has the fitted slopes and `draw` the picture. In the
        line that repeats a record, `fun`, `grad`, `Y` and `retraction` are the arguments of this call.

    Raises
    ------
    TypeError
        If a space offers no retraction, an array is none of real numbers, or `fun` does not return one number.
    ValueError
        If the trees do not match, or Y or the gradient has the wrong shape or is not finite; the message names the
        parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean, Stiefel, verify
    >>> space, rng = {"Q": Stiefel(6, 2), "b": Euclidean(2)}, np.random.default_rng(0)
    >>> M, Y = np.diag(np.arange(6.0)), {"Q": space["Q"].random_point(rng), "b": rng.normal(size=2)}
    >>> loss = lambda Y: np.sum(Y["Q"] * (M @ Y["Q"])) + np.sum(np.sin(Y["b"]))
    >>> right = lambda Y: {"Q": 2 * M @ Y["Q"], "b": np.cos(Y["b"])}
    >>> bool(verify.check_gradient(space, loss, right, Y))
    True
    >>> wrong = lambda Y: {"Q": (2 + 1e-8) * M @ Y["Q"], "b": np.cos(Y["b"])}
    >>> report = verify.check_gradient(space, loss, wrong, Y)
    >>> bool(report), sorted(report.failed)
    (False, ['gradient: directional derivative', "gradient: directional derivative of 'Q'"])
    """
    seed = draw_seed(rng)
    place = _Place(space, fun, grad, Y, seed, riemannian, retraction)
    line = (f"verify.check_gradient({space!r}, fun, grad, Y, rng={seed}" + ", riemannian=True" * riemannian
            + ("" if retraction is None else f", retraction={retraction!r}" if isinstance(retraction, str)
               else ", retraction=retraction") + ")")
    records, slopes = place.records(line), place.slopes
    if callable(grad) and place.is_stationary:
        away = place.curve(1.0, place.directions[0])
        other = _Place(space, fun, grad, away, seed, riemannian, retraction)
        records += [replace(record, identity=f"{record.identity} at a second point") for record in other.records(line)]
        slopes = slopes + other.slopes
    return IdentityReport(records, [], slopes)


@final
class _Place:
    """A point, the gradient that is claimed there, and the loss along the retracted curves that leave it."""

    def __init__(self, space: Tree, fun: Callable[[Tree], Any], grad: Any, Y: Tree, seed: int, riemannian: bool,
                 retraction: Any) -> None:
        self.spaces = map_tree(lambda leaf: leaf.factors if isinstance(leaf, Product) else leaf, space)
        self.Y = map_tree(_check_point, self.spaces, Y, names=True)
        self.grad, gradient = grad, grad(_copied(self.Y)) if callable(grad) else grad
        self.gradient = map_tree(_check_gradient, self.Y, gradient, names=True)
        self.fun, self.space, self.riemannian, self.retraction = fun, space, riemannian, retraction
        self.trials = map_tree(lambda leaf, Y: _trial(leaf, Y, seed), self.spaces, self.Y)
        self.first: Trial = next(trial for _, trial in leaves(self.trials))
        worst = max((trial for _, trial in leaves(self.trials)), key=lambda trial: trial.eps)
        self.dtype, self.eps, self.seed = worst.dtype, worst.eps, seed
        self.condition = max(trial.condition for _, trial in leaves(self.trials))
        self.N = max(trial.N for _, trial in leaves(self.trials))
        if not callable(retraction):
            map_tree(lambda leaf: _retraction(leaf, retraction), self.spaces)

    def curve(self, t: float, Delta: Tree) -> Tree:
        """The point R(t Delta)."""
        step = map_tree(lambda D: D * D.dtype.type(t), Delta)
        if callable(self.retraction):
            return self.retraction(_copied(self.Y), step)
        return map_tree(lambda space, Y, D: _retraction(space, self.retraction)(Y, D), self.spaces, self.Y, step)

    def loss(self, t: float, Delta: Tree) -> float:
        """The loss at R(t Delta)."""
        return _number(self.fun(_copied(self.curve(t, Delta))))

    @cached_property
    def start(self) -> float:
        """The loss at Y."""
        return _number(self.fun(_copied(self.Y)))

    @cached_property
    def directions(self) -> list[Tree]:
        """Random tangent vectors, and the gradient itself where it is long enough to have a direction."""
        random = [map_tree(lambda path, trial: trial.tangent(f"direction {k} {path}".rstrip()), self.trials, names=True)
                  for k in range(DIRECTIONS)]
        own = map_tree(_own_direction if self.riemannian else _own_direction_of_euclidean, self.trials, self.gradient)
        return [*random, own] if any(D.any() for _, D in leaves(own)) else random

    def alone(self, path: str) -> list[Tree]:
        """The random directions with the parameter of a path moving alone."""
        return [map_tree(lambda name, D: D if name == path else np.zeros_like(D), Delta, names=True)
                for Delta in self.directions[:DIRECTIONS]]

    def pairing(self, Delta: Tree) -> float:
        """The derivative that the gradient claims."""
        def pair(trial: Trial, G: Array, D: Array) -> float:
            return float(np.sum(trial.space.metric(trial.Y, G, D)) if self.riemannian else np.vdot(G, D).real)
        return float(sum(value for _, value in leaves(map_tree(pair, self.trials, self.gradient, Delta))))

    def size(self, Delta: Tree) -> float:
        """The largest term that a derivative in a direction is made of: what rounding errors are measured by."""
        products = map_tree(lambda G, s, D: max(_norm(G), s) * _norm(D), self.gradient, self.sensitivity, Delta)
        reached = [self.loss(t, Delta) for t in (-0.5, 0.5)]
        return float(max(abs(self.start), *map(abs, reached), *(product for _, product in leaves(products))))

    @cached_property
    def sensitivity(self) -> Tree:
        """By how much the gradient changes with Y, relative to its rounding: large where the gradient cancels to zero.

        A loss such as |Y^T Y - I|^2 is zero on the space, and its gradient nothing but the rounding of Y.
        """
        if not callable(self.grad):
            return map_tree(lambda G: 0.0, self.gradient)
        disturbed = map_tree(lambda Y: Y * Y.dtype.type(1 + 4 * self.eps), self.Y)
        return map_tree(lambda G, H: _norm(np.asarray(H) - G) / (4 * self.eps), self.gradient, self.grad(disturbed))

    def errors(self, directions: list[Tree]) -> Array:
        """Derivatives by differences less those of the gradient, relative to the size of their terms."""
        errors = []
        for Delta in directions:
            # losses that are no numbers fail
            with np.errstate(all="ignore"):
                measured = float(velocity(lambda t: np.asarray(self.loss(t, Delta)), self.dtype))
            errors.append(abs(measured - self.pairing(Delta)) / (self.size(Delta) or 1.0))
        return np.asarray(errors)

    @cached_property
    def slopes(self) -> list[Slope]:
        """The fitted slopes of the Taylor remainders."""
        steps = 2.0 ** -np.arange(1, 26 if self.eps < 1e-10 else 12)
        slopes = []
        for Delta in self.directions:
            values, derivative = np.array([self.loss(t, Delta) for t in steps]), self.pairing(Delta)
            size = max(abs(self.start), float(np.max(abs(values))), self.size(Delta))
            with np.errstate(all="ignore"):
                remainders = abs(values - self.start - steps * derivative)
            slopes.append(fit_slope(steps, remainders, 100 * self.eps * self.condition * size, 2.0,
                                    "|L(R(t Delta)) - L(Y) - t dL(Delta)|"))
        return slopes

    @property
    def is_stationary(self) -> bool:
        """Whether the derivatives along a parameter are no larger than what differences can measure."""
        bound = DERIVATIVE_BOUND(self.dtype, self.N, self.condition)
        return any(all(abs(self.pairing(Delta)) <= bound * self.size(Delta) for Delta in self.alone(path))
                   for path, _ in leaves(self.trials))

    def records(self, line: str) -> list[Record]:
        """All that is measured here."""
        steepness = np.asarray([max(0.0, 2 - slope.slope) for slope in self.slopes])
        records = [self.record(*DERIVATIVE, self.errors(self.directions), DERIVATIVE_BOUND, line),
                   self.record(*REMAINDER, steepness, Bound(TOLERANCE, q=0), line)]
        paths = [path for path, _ in leaves(self.trials)]
        for path in paths if len(paths) > 1 else []:
            name, formula, place = DERIVATIVE
            records.append(self.record(f"{name} of {path!r}", formula, place, self.errors(self.alone(path)),
                                       DERIVATIVE_BOUND, line))
        gradient = dict(leaves(map_tree(lambda _, G: G, self.trials, self.gradient)))
        for path, trial in leaves(self.trials):
            G = gradient[path]
            if self.riemannian and hasattr(trial.space, "tangent_defect"):
                name, formula, place = TANGENT
                size = max(self.size(Delta) for Delta in self.directions) * np.max(trial.sigma)
                defect = np.max(trial.space.tangent_defect(trial.Y, G)) / (size or 1.0)
                records.append(self.record(f"{name} of {path!r}" if path else name, formula, place, defect,
                                           Bound(100, p=2), line))
        return records

    def record(self, name: str, formula: str, place: str, residuals: Array, bound: Bound, line: str) -> Record:
        """One record; of a tree of parameters, its shape is the number of all entries."""
        residual, limit = float(np.max(residuals)), bound(self.dtype, self.N, self.condition)
        single = self.trials is self.first
        shape = self.first.shape if single else (sum(Y.size for _, Y in leaves(self.Y)),)
        return Record(name, formula, place, repr(self.space), shape, self.first.batch if single else (),
                      self.dtype.name, self.seed, self.condition, residual, limit,
                      residual / self.eps if bound.q else float("nan"), bound.law, bool(residual <= limit), "", line)


DERIVATIVE_BOUND = Bound(100, q=0.8, p=1)
"""Of the error of a directional derivative by differences."""


class _PointAt:
    """A space whose random points are one given point or stack."""

    def __init__(self, space: Any, Y: Array) -> None:
        self._space, self._Y = space, Y

    def __getattr__(self, name: str) -> Any:
        return getattr(self._space, name)

    def __repr__(self) -> str:
        return repr(self._space)

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = ()) -> Array:
        """The given point or stack."""
        return self._Y


def _trial(space: Any, Y: Array, seed: int) -> Trial:
    return Trial(_PointAt(space, Y), seed, Y.dtype, Y.shape[:Y.ndim - len(space.shape)])


def _check_point(path: str, space: Any, Y: Any) -> Array:
    """A point or a stack of points of the space."""
    name = f"Y at {path!r}" if path else "Y"
    Y, shape = check_finite(name, check_array(name, Y)), tuple(space.shape)
    if Y.shape[Y.ndim - len(shape):] != shape or Y.size == 0:
        raise ValueError(f"{name} must have shape {shape} or be a stack of such: got {Y.shape}")
    return np.array(space.check_point(Y, name) if hasattr(space, "check_point") else Y)


def _check_gradient(path: str, Y: Array, gradient: Any) -> Array:
    """An array in the shape of the point."""
    name = f"gradient of {path!r}" if path else "gradient"
    gradient = check_array(name, np.asarray(gradient))
    if gradient.shape != Y.shape:
        raise ValueError(f"{name} must have shape {Y.shape}: got {gradient.shape}")
    return np.array(check_finite(name, gradient))


def _retraction(space: Any, name: str | None) -> Callable[[Array, Array], Array]:
    """The retraction of a name, or the first that a space offers."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"retraction must be a function or the name of a method: got {type(name).__name__}")
    for offered in ("geodesic", "cayley") if name is None else (name,):
        if hasattr(space, offered):
            return getattr(space, offered)  # type: ignore[no-any-return]
    wanted = "geodesic or cayley, or a retraction be given" if name is None else f"the retraction {name!r}"
    raise TypeError(f"space must offer {wanted}: got {type(space).__name__}")


def _copied(tree: Tree) -> Tree:
    """Arrays that a loss may write into."""
    return map_tree(lambda Y: np.array(Y), tree)


def _number(value: Any) -> float:
    array = np.asarray(value)
    if array.shape not in ((), (1,), (1, 1)) or array.dtype.kind not in "fiu":
        raise TypeError(f"fun must return a real number: got {array.dtype} of shape {array.shape}")
    return float(array.reshape(()))


def _norm(X: Array) -> float:
    """The Frobenius norm without overflow or underflow of squares."""
    largest = float(np.max(np.abs(X), initial=0.0))
    return largest * float(np.linalg.norm(np.asarray(X, np.float64) / largest)) if largest > 0 else 0.0


def _own_direction_of_euclidean(trial: Trial, gradient: Array) -> Array:
    """The direction of the Riemannian gradient of a Euclidean one; zero where it is nothing but rounding."""
    if not hasattr(trial.space, "riemannian_gradient") or not _norm(gradient):
        return np.zeros_like(trial.Y)
    unit = gradient / gradient.dtype.type(_norm(gradient))
    own = np.asarray(trial.space.riemannian_gradient(trial.Y, unit))
    return _own_direction(trial, own) if _norm(own) > trial.eps**0.5 * trial.condition else np.zeros_like(trial.Y)


def _own_direction(trial: Trial, own: Array) -> Array:
    """The direction of a gradient, tangent to rounding relative to its length."""
    if not _norm(own):
        return np.zeros_like(trial.Y)
    own = own / own.dtype.type(_norm(own))
    if hasattr(trial.space, "project_tangent"):
        own = np.asarray(trial.space.project_tangent(trial.Y, own))
    length = _norm(own) * float(np.max(trial.sigma))
    return own / own.dtype.type(length) if _norm(own) > 0.1 else np.zeros_like(trial.Y)
