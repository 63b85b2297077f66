"""Minimization over a space with the conventions of SciPy."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from manifold_opt.arrays.checks import check_array, check_finite
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.optimizers.adam import Adam
from manifold_opt.optimizers.adam_with_decay import AdamWithDecay
from manifold_opt.optimizers.bfgs import BFGS
from manifold_opt.optimizers.gradient import Gradient
from manifold_opt.optimizers.method import Method
from manifold_opt.optimizers.momentum import Momentum
from manifold_opt.optimizers.objective import Objective
from manifold_opt.optimizers.optimizer import Optimizer
from manifold_opt.optimizers.quasi_newton import QuasiNewton
from manifold_opt.sections import Retraction, RetractionError
from manifold_opt.spaces.product import factors

__all__ = ["minimize"]

METHODS: dict[str, Callable[[int], Method]] = {
    "bfgs": lambda max_iter: BFGS(), "adam": lambda max_iter: Adam(), "momentum": lambda max_iter: Momentum(),
    "gradient": lambda max_iter: Gradient(), "adam_with_decay": lambda max_iter: AdamWithDecay(steps=max_iter)}

MESSAGES = {0: "the norm of the Riemannian gradient is at most tol",
            1: "the maximum number of iterations has been reached",
            2: "no step along the search direction decreases the loss: precision is exhausted or the gradient wrong",
            3: "the loss or its gradient is not finite: the last good point is returned",
            4: "the retraction is not defined for the step: the last good point is returned",
            99: "the callback raised StopIteration"}


def minimize(fun: Callable[..., Any], x0: Tree, space: Any, *, args: tuple[Any, ...] = (), jac: Any = None,
             method: str | Method = "bfgs", tol: float | None = None, max_iter: int = 1000,
             callback: Callable[..., Any] | None = None, rng: np.random.Generator | None = None,
             retraction: str | Retraction | None = None, section: str = "transported",
             restore: int | None = 100) -> OptimizeResult:
    r"""Minimize a loss over a space, with the conventions of :func:`scipy.optimize.minimize`.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns the loss, a real number; with ``jac=True`` the pair of loss and gradient.
    x0 : numpy.ndarray, or nested dict or list of arrays
        Where to start: a point of the space (or a stack of points); None for a random point, which takes `rng`.
    space : HomogeneousSpace, Product, or nested dict or list of spaces
        The space, in the structure of x.
    args : tuple
        Further arguments of `fun` and `jac`.
    jac : callable, True or "cs"
        The Euclidean gradient in the structure and shapes of x: a function of its own, the second value of `fun`, or
        complex steps (exact to rounding, one call of an analytic `fun` for each entry). It is required: finite
        differences, SciPy's default, lose half the digits.
    method : str or Method
        "bfgs" with a line search and one inverse Hessian for all parameters, or a method of
        :class:`~manifold_opt.Optimizer` with its own rate: "adam_with_decay" (over `max_iter` steps), "adam",
        "momentum", "gradient"; or an object such as ``Adam(learning_rate=1e-2)``.
    tol : float or None
        Stop when the Riemannian norm of the Riemannian gradient is at most `tol`; None for the root of the machine
        epsilon of x.
    max_iter : int
        Largest number of iterations.
    callback : callable or None
        Called after each iteration as ``callback(x)``, or as ``callback(intermediate_result=...)`` with an
        `OptimizeResult` of x and fun if its parameter has that name; it may raise StopIteration.
    rng : numpy.random.Generator or None
        For the random start.
    retraction : str, Retraction or None
        None for the geodesic with BFGS (whose line search then has exact derivatives on all spaces) and the Cayley
        transform otherwise.
    section : {"transported", "reflector"}
        See :class:`~manifold_opt.Optimizer`; BFGS takes the transported one.
    restore : int or None
        See :class:`~manifold_opt.Optimizer`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        x, fun, jac (Euclidean gradient), grad (Riemannian gradient), grad_norm, nit, nfev, njev, success, status,
        message, point_defect (largest defect of x). Status 0 is success, 1 the maximum number of iterations, 2 a line
        search without success, 3 a loss or gradient that is not finite, 4 an undefined retraction, 99 StopIteration.

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
    retraction = retraction or ("geodesic" if isinstance(method, BFGS) else "cayley")
    optimizer = Optimizer(method, spaces, retraction, section, restore)
    x = _start(x0, spaces, rng)
    tol = _tolerance(tol, x)
    if isinstance(method, BFGS):
        if section != "transported":
            raise ValueError(f"section must be transported with BFGS, whose coordinates move along: got {section!r}")
        walk: _FirstOrder | QuasiNewton = QuasiNewton(optimizer, objective, x)
    else:
        walk = _FirstOrder(optimizer, objective, x)
    status, nit = _run(walk, spaces, tol, max_iter, callback)
    return _result(walk, spaces, objective, status, nit)


class _FirstOrder:
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
        if not _is_finite(value, gradient):
            return 3
        self.x, self.state, self.value, self.gradient = x, state, value, gradient
        return None


def _run(walk: _FirstOrder | QuasiNewton, spaces: Tree, tol: float, max_iter: int,
         callback: Callable[..., Any] | None) -> tuple[int, int]:
    """Iterate until there is a reason to stop: status and number of iterations."""
    notify = _notifier(callback)
    if not _is_finite(walk.value, walk.gradient):
        return 3, 0
    for nit in range(max_iter):
        if _norm(spaces, walk.x, walk.gradient) <= tol:
            return 0, nit
        status = walk.step()
        if status is not None:
            return status, nit
        try:
            notify(walk.x, walk.value)
        except StopIteration:
            return 99, nit + 1
    return (0 if _norm(spaces, walk.x, walk.gradient) <= tol else 1), max_iter


def _result(walk: _FirstOrder | QuasiNewton, spaces: Tree, objective: Objective, status: int,
            nit: int) -> OptimizeResult:
    x, gradient = walk.x, walk.gradient
    finite = _is_finite(walk.value, gradient)
    grad = map_tree(lambda space, Y, dL: space.riemannian_gradient(Y, dL), spaces, x, gradient)
    defects = map_tree(lambda space, Y: np.max(space.point_defect(Y), initial=0.0), spaces, x)
    return OptimizeResult(
        x=x, fun=walk.value, jac=gradient, nit=nit, nfev=objective.nfev, njev=objective.njev, success=status == 0,
        status=status, message=MESSAGES[status], point_defect=max(float(defect) for _, defect in leaves(defects)),
        grad=grad, grad_norm=_norm(spaces, x, gradient) if finite else float("nan"))


def _norm(spaces: Tree, x: Tree, gradient: Tree) -> float:
    """Riemannian norm of the Riemannian gradient over all parameters."""
    def square(space: Any, Y: Any, dL: Any) -> float:
        grad = space.riemannian_gradient(Y, dL)
        return float(np.sum(space.metric(Y, grad, grad)))

    return float(np.sqrt(max(0.0, sum(value for _, value in leaves(map_tree(square, spaces, x, gradient))))))


def _is_finite(value: float, gradient: Tree) -> bool:
    return bool(np.isfinite(value)) and all(bool(np.isfinite(dL).all()) for _, dL in leaves(gradient))


def _method(method: str | Method, max_iter: int) -> Method:
    if not isinstance(max_iter, (int, np.integer)) or isinstance(max_iter, bool) or max_iter < 1:
        raise ValueError(f"max_iter must be an integer of at least 1: got {max_iter!r}")
    if isinstance(method, Method):
        return method
    if not isinstance(method, str):
        raise TypeError(f"method must be a name or a Method such as Adam(): got {type(method).__name__}")
    if method.lower() not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}: got {method!r}")
    return METHODS[method.lower()](max_iter)


def _start(x0: Tree, spaces: Tree, rng: np.random.Generator | None) -> Tree:
    if x0 is not None:
        return map_tree(lambda path, space, Y: check_finite(_label(path), check_array(_label(path), Y)), spaces, x0,
                        names=True)
    if rng is None:
        raise ValueError("x0 must be a point, or None together with a generator rng for a random start")
    return map_tree(lambda space: space.random_point(rng), spaces)


def _label(path: str) -> str:
    return f"x0 at {path!r}" if path else "x0"


def _tolerance(tol: float | None, x: Tree) -> float:
    if tol is None:
        return float(np.sqrt(max(float(np.finfo(Y.dtype).eps) for _, Y in leaves(x))))
    if not 0 <= tol < np.inf:
        raise ValueError(f"tol must be finite and not negative: got {tol}")
    return float(tol)


def _notifier(callback: Callable[..., Any] | None) -> Callable[[Tree, float], None]:
    """SciPy's rule: the name of the parameter decides what the callback is given."""
    if callback is None:
        return lambda x, value: None
    if not callable(callback):
        raise TypeError(f"callback must be callable: got {type(callback).__name__}")
    if list(inspect.signature(callback).parameters) == ["intermediate_result"]:
        return lambda x, value: callback(intermediate_result=OptimizeResult(x=x, fun=value)) and None
    return lambda x, value: callback(x) and None
