"""Minimization over a space with the conventions of SciPy."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, final

import numpy as np
from scipy.optimize import OptimizeResult

from manifold_opt.arrays.checks import Array, check_array, check_finite, check_integer
from manifold_opt.arrays.fields import ldexp
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.optimizers.adam import Adam
from manifold_opt.optimizers.adam_w import AdamW
from manifold_opt.optimizers.adam_with_decay import AdamWithDecay
from manifold_opt.optimizers.bfgs import BFGS
from manifold_opt.optimizers.components import component, starts_in_all_components
from manifold_opt.optimizers.gradient import Gradient
from manifold_opt.optimizers.method import Method
from manifold_opt.optimizers.momentum import Momentum
from manifold_opt.optimizers.objective import Objective
from manifold_opt.optimizers.optimizer import Optimizer
from manifold_opt.optimizers.quasi_newton import QuasiNewton, is_finite_tree
from manifold_opt.optimizers.scaling import exponent, scaled, total_norm
from manifold_opt.optimizers.schedule import check_number
from manifold_opt.sections import Retraction, RetractionError
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.spaces.product import factors

__all__ = ["minimize"]

METHODS: dict[str, Callable[[int], Method]] = {
    "bfgs": lambda max_iter: BFGS(), "adam": lambda max_iter: Adam(),
    "adam_w": lambda max_iter: AdamW(), "momentum": lambda max_iter: Momentum(),
    "gradient": lambda max_iter: Gradient(), "adam_with_decay": lambda max_iter: AdamWithDecay(steps=max(max_iter, 1))}

MESSAGES = {0: "the norm of the Riemannian gradient is at most tol",
            1: "the maximum number of iterations has been reached",
            2: "no step along the search direction decreases the loss: precision is exhausted or the gradient wrong",
            3: "the loss or its gradient is not finite: the last good point is returned",
            4: "the retraction of the step is undefined or leaves the space: the last good point is returned",
            99: "the callback raised StopIteration"}


def minimize(fun: Callable[..., Any], x0: Tree, space: Any, *, args: Any = (), jac: Any = None,
             method: str | Method = "bfgs", tol: float | None = None, max_iter: int = 1000,
             callback: Callable[..., Any] | None = None, rng: np.random.Generator | int | None = None,
             retraction: str | Retraction | None = None, section: str = "transported",
             restore: int | None = 100, components: str = "start") -> OptimizeResult:
    r"""Minimize a loss over a space, with the conventions of :func:`scipy.optimize.minimize`.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns the loss, a real number (or an array of one); with ``jac=True`` the pair of loss and
        gradient. It is given a copy of x, and what it returns is copied.
    x0 : numpy.ndarray, or nested dict, list or tuple of arrays
        Where to start: a point of the space (or a stack of points); None for a random point, which takes `rng`.
    space : HomogeneousSpace, Product, or nested dict, list or tuple of spaces
        The space, in the structure of x.
    args : tuple
        Further arguments of `fun` and `jac`; what is no tuple is one argument.
    jac : callable, True or "cs"
        The Euclidean gradient in the structure and shapes of x: a function of its own, the second value of `fun`, or
        complex steps (exact to rounding, one call of an analytic `fun` for each entry). It is required: finite
        differences, SciPy's default, lose half the digits.
    method : str or Method
        "bfgs" with a line search and one inverse Hessian for all parameters, or a method of
        :class:`~manifold_opt.Optimizer` with its own rate: "adam_with_decay" (over `max_iter` steps), "adam",
        "adam_w", "momentum", "gradient"; or an object such as ``Adam(learning_rate=1e-2)``.
    tol : float or None
        Stop when the Riemannian norm of the Riemannian gradient is at most `tol`; None for the root of the machine
        epsilon of x, times the norm of the first Euclidean gradient where that is less than one, so that a loss in
        small units is not taken for solved at the start.
    max_iter : int
        Largest number of iterations; with 0 loss and gradient are evaluated at the start.
    callback : callable or None
        Called after each iteration as ``callback(x)``, or as ``callback(intermediate_result=...)`` with an
        `OptimizeResult` of x and fun if its parameter has that name, with a copy of x; it may raise StopIteration, and
        what it returns is of no importance.
    rng : numpy.random.Generator, int or None
        For the random start; an integer is the seed of a generator.
    retraction : str, Retraction or None
        None for the geodesic with BFGS and the Cayley transform otherwise.
    section : {"transported", "reflector"}
        See :class:`~manifold_opt.Optimizer`; BFGS takes the transported one.
    restore : int or None
        See :class:`~manifold_opt.Optimizer`.
    components : {"start", "both"}
        A step never leaves its component of St(N, N) = O(N), and the minimum may lie in the other one. "both" runs from
        x0 and from x0 with the first column turned round (for up to three members on O(N) from all combinations) and
        returns the run with the least loss.

    Returns
    -------
    scipy.optimize.OptimizeResult
        x, fun, jac (Euclidean gradient), grad (Riemannian gradient), grad_norm, nit, nfev, njev, success, status,
        message, point_defect (largest defect of x), component (the sign of the determinant on St(N, N), None on
        connected spaces, in the structure of x), runs (the results of all starts). Status 0 is success, 1 the maximum
        number of iterations, 2 a line search without success, 3 a loss or gradient that is not finite, 4 a step that
        is undefined or would leave the space, 99 StopIteration. nfev and njev count the calls in all runs.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; the message names it, and lists the valid names.

    Notes
    -----
    Steps to a point with a loss that is not finite are shortened by the line search of BFGS; the other methods stop
    there and return the last good point.

    Paper: v4, section 4; the conventions: SciPy's.

    Examples
    --------
    The n smallest eigenvalues of a symmetric matrix, as a minimum over the Grassmann manifold:

    >>> import numpy as np
    >>> from manifold_opt import Grassmann, minimize
    >>> M = np.diag([1.0, 2.0, 5.0, 7.0, 9.0])
    >>> def fun(Y):
    ...     return np.trace(Y.T @ M @ Y), 2 * M @ Y
    >>> result = minimize(fun, None, Grassmann(5, 2), jac=True, rng=np.random.default_rng(0))
    >>> result.success, bool(abs(result.fun - 3) < 1e-14), bool(result.point_defect < 1e-14)
    (True, True, True)
    """
    objective = Objective(fun, jac, args)
    spaces = factors(space)
    method = _method(method, max_iter)
    if retraction is None:
        retraction = "geodesic" if isinstance(method, BFGS) else "cayley"
    optimizer = Optimizer(method, spaces, retraction, section, restore)
    if isinstance(method, BFGS) and section != "transported":
        raise ValueError(f"section must be transported with BFGS, whose coordinates move along: got {section!r}")
    if components not in ("start", "both"):
        raise ValueError(f"components must be one of start, both: got {components!r}")
    x, tol, notify = _start(x0, spaces, rng), _tolerance(tol), _notifier(callback)
    runs: list[OptimizeResult] = []
    for start in starts_in_all_components(spaces, x) if components == "both" else [x]:
        walk = (QuasiNewton if isinstance(method, BFGS) else FirstOrder)(optimizer, objective, start)
        status, nit = _run(walk, spaces, _tolerance_at(tol, start, walk.gradient), max_iter, notify)
        runs.append(_result(walk, spaces, objective, status, nit))
        if status == 99:
            break
    result = OptimizeResult(min(runs, key=lambda run: run.fun if np.isfinite(run.fun) else np.inf))
    result.update(nfev=objective.nfev, njev=objective.njev, runs=runs)
    return result


@final
class FirstOrder:
    """Steps of an :class:`Optimizer`, each followed by one evaluation of loss and gradient."""

    def __init__(self, optimizer: Optimizer, objective: Objective, x: Tree) -> None:
        self.optimizer, self.objective, self.x = optimizer, objective, x
        self.state = optimizer.init(x)
        self.value, self.gradient = objective(x)

    def step(self) -> int | None:
        """One iteration; returns the status if it must be the last one."""
        try:
            x, state = self.optimizer.step(self.x, self.gradient, self.state)
        except RetractionError:
            return 4
        value, gradient = self.objective(x)
        if not is_finite_tree(value, gradient):
            return 3
        self.x, self.state, self.value, self.gradient = x, state, value, gradient
        return None


def _run(walk: FirstOrder | QuasiNewton, spaces: Tree, tol: float, max_iter: int,
         notify: Callable[[Tree, float], None]) -> tuple[int, int]:
    """Iterate until there is a reason to stop: status and number of iterations."""
    if not is_finite_tree(walk.value, walk.gradient):
        return 3, 0
    for nit in range(max_iter):
        if gradient_norm(spaces, walk.x, walk.gradient) <= tol:
            return 0, nit
        status = walk.step()
        if status is not None:
            return status, nit
        try:
            notify(walk.x, walk.value)
        except StopIteration:
            return 99, nit + 1
    return (0 if gradient_norm(spaces, walk.x, walk.gradient) <= tol else 1), max_iter


def _result(walk: FirstOrder | QuasiNewton, spaces: Tree, objective: Objective, status: int,
            nit: int) -> OptimizeResult:
    """What there is to say of a run; its arrays are new."""
    x, gradient = map_tree(np.copy, walk.x), map_tree(np.copy, walk.gradient)
    finite = is_finite_tree(walk.value, gradient)
    with np.errstate(over="ignore", invalid="ignore"):
        grad = map_tree(lambda space, Y, dL: np.array(space.riemannian_gradient(Y, dL)), spaces, x, gradient)
    defects = map_tree(lambda space, Y: np.max(space.point_defect(Y), initial=0.0), spaces, x)
    return OptimizeResult(
        x=x, fun=walk.value, jac=gradient, nit=nit, nfev=objective.nfev, njev=objective.njev, success=status == 0,
        status=status, message=MESSAGES[status], point_defect=max(float(defect) for _, defect in leaves(defects)),
        grad=grad, grad_norm=gradient_norm(spaces, x, gradient) if finite else float("nan"),
        component=map_tree(component, spaces, x))


def gradient_norm(spaces: Tree, x: Tree, gradient: Tree) -> float:
    """Riemannian norm of the Riemannian gradient over all parameters, without overflow or underflow; NaN where the
    metric is negative, which it is off the manifold only.
    """
    k = exponent(gradient)

    def square(space: Any, Y: Any, dL: Any) -> float:
        grad = space.riemannian_gradient(Y, dL)
        # the gradient vanishes at a solution, however long the Euclidean one is
        j = exponent(grad)
        grad = ldexp(grad, -j)
        return float(np.ldexp(np.sum(space.metric(Y, grad, grad), dtype=np.float64), 2 * j))

    with np.errstate(over="ignore", invalid="ignore"):
        total = sum(value for _, value in leaves(map_tree(square, spaces, x, scaled(gradient, -k))))
    return float(np.ldexp(np.sqrt(total), k)) if total >= 0 else float("nan")


def _method(method: str | Method, max_iter: int) -> Method:
    max_iter = check_integer("max_iter", max_iter, 0)
    if isinstance(method, Method):
        return method
    if not isinstance(method, str):
        raise TypeError(f"method must be a name or a Method such as Adam(): got {type(method).__name__}")
    if method.lower() not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}: got {method!r}")
    return METHODS[method.lower()](max_iter)


def _start(x0: Tree, spaces: Tree, rng: np.random.Generator | int | None) -> Tree:
    """A copy of x0, or a random point."""
    if x0 is not None:
        return map_tree(_start_at, spaces, x0, names=True, labels=("space", "x0"))
    if rng is None:
        raise ValueError("x0 must be a point, or None together with a generator or seed rng for a random start")
    if not isinstance(rng, np.random.Generator):
        rng = np.random.default_rng(check_integer("rng", rng, 0))
    return map_tree(lambda space: space.random_point(rng), spaces)


def _start_at(path: str, space: HomogeneousSpace, Y: Any) -> Array:
    name = f"x0 at {path!r}" if path else "x0"
    return np.array(space.check_point(check_finite(name, check_array(name, Y)), name))


def _tolerance(tol: float | None) -> float | None:
    return None if tol is None else check_number("tol", tol)


def _tolerance_at(tol: float | None, x: Tree, gradient: Tree) -> float:
    """The tolerance of a run that starts at x with a Euclidean gradient."""
    if tol is not None:
        return tol
    eps = max(float(np.finfo(Y.dtype).eps) for _, Y in leaves(x))
    length = total_norm(dL for _, dL in leaves(gradient))
    return float(np.sqrt(eps)) * (length if length < 1.0 else 1.0)


def _notifier(callback: Callable[..., Any] | None) -> Callable[[Tree, float], None]:
    """SciPy's rule: the name of the parameter decides what the callback is given."""
    if callback is None:
        return lambda x, value: None
    if not callable(callback):
        raise TypeError(f"callback must be callable: got {type(callback).__name__}")
    try:
        by_name = list(inspect.signature(callback).parameters) == ["intermediate_result"]
    except ValueError:
        # functions in C may have no signature
        by_name = False

    def notify(x: Tree, value: float) -> None:
        x = map_tree(np.copy, x)
        if by_name:
            callback(intermediate_result=OptimizeResult(x=x, fun=value))
        else:
            callback(x)

    return notify
