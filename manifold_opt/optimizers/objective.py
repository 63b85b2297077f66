"""The loss and its Euclidean gradient as a user gives them, with counts and checks."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, check_array
from manifold_opt.arrays.trees import Tree, leaves, map_tree

__all__ = ["Objective"]


@final
class Objective:
    """A loss with its Euclidean gradient in the conventions of :func:`scipy.optimize.minimize`; `fun` and `jac` get
    copies of x, and their gradient is copied.

    >>> import numpy as np
    >>> from manifold_opt.optimizers.objective import Objective
    >>> objective = Objective(lambda x: np.sum(x**3), "cs")
    >>> objective(np.array([1.0, 2.0]))
    (9.0, array([ 3., 12.]))
    >>> objective.nfev, objective.njev
    (1, 1)
    """

    def __init__(self, fun: Callable[..., Any], jac: Any, args: Any = ()) -> None:
        if not callable(fun):
            raise TypeError(f"fun must be callable: got {type(fun).__name__}")
        if not (callable(jac) or jac is True or jac == "cs"):
            raise ValueError("jac must be a callable, True (fun returns the pair of loss and gradient) or 'cs' "
                             f"(complex steps): got {jac!r}; finite differences lose half the digits")
        self.fun, self.jac = fun, jac
        # as in SciPy, what is no tuple is one argument
        self.args = args if isinstance(args, tuple) else (args,)
        self.nfev = self.njev = 0

    def __call__(self, x: Tree) -> tuple[float, Tree]:
        """Loss and Euclidean gradient at x; TypeError or ValueError if they are not what they must be."""
        self.nfev += 1
        self.njev += 1
        if self.jac is True:
            result = self._call(self.fun, x)
            if not (isinstance(result, tuple) and len(result) == 2):
                raise TypeError("fun must return the pair of loss and gradient, because jac is True: got "
                                f"{type(result).__name__}")
            value, gradient = result
        else:
            value = self._call(self.fun, x)
            gradient = self._complex_step(x) if self.jac == "cs" else self._call(self.jac, x)
        return _real_number(value), map_tree(_match, x, gradient, names=True, labels=("x", "gradient"))

    def _call(self, function: Callable[..., Any], x: Tree) -> Any:
        return function(map_tree(np.copy, x), *self.args)

    def _complex_step(self, x: Tree) -> Tree:
        gradient = map_tree(np.zeros_like, x)
        shifted = map_tree(lambda Y: Y.astype(np.result_type(Y.dtype, np.complex64)), x)
        for (_, Y), (_, dL) in zip(leaves(shifted), leaves(gradient)):
            step = 1e-20 if Y.dtype == np.complex64 else 1e-100
            for index in np.ndindex(Y.shape):
                Y[index] += 1j * step
                dL[index] = np.imag(_one_number(self._call(self.fun, shifted))) / step
                Y[index] = Y[index].real
        if self.njev == 1:
            self._check_complex_step(x, gradient)
        return gradient

    def _check_complex_step(self, x: Tree, gradient: Tree) -> None:
        """A fun that is not analytic gives wrong complex steps without any other sign."""
        h = max(float(np.finfo(Y.dtype).eps) for _, Y in leaves(x)) ** (1 / 3)
        scale = h * max(1.0, max(float(np.max(np.abs(Y), initial=0.0)) for _, Y in leaves(x)))
        signs = map_tree(lambda Y: np.where(np.arange(Y.size) % 3 == 0, -1.0, 1.0).reshape(Y.shape).astype(Y.dtype), x)
        high, low = (float(np.real(_one_number(self._call(self.fun, map_tree(lambda Y, e: Y + sign * e, x, signs)))))
                     for sign in (scale, -scale))
        slope = sum(float(np.sum(dL * e)) for (_, dL), (_, e) in zip(leaves(gradient), leaves(signs)))
        size = sum(float(np.sum(np.abs(dL))) for _, dL in leaves(gradient))
        difference = (high - low) / (2 * scale)
        if abs(difference - slope) > difference_tolerance(h, size, difference, high, low):
            raise ValueError("fun must be analytic and take complex arrays, because jac is 'cs': the derivative along "
                             f"one direction is {difference:.6e} by a difference, {slope:.6e} by complex steps")


def difference_tolerance(h: float, size: float, difference: float, high: float, low: float) -> float:
    r"""How far a central difference of step h, the cube root of eps, may be from the derivative: 100 h relative to the
    derivative and to the values, whose rounding is divided by h.
    """
    return 100 * h * max(size, abs(difference), abs(high) + abs(low))


def _one_number(value: Any) -> Any:
    """What `fun` returned as one number; as in SciPy, an array of one entry will do."""
    if isinstance(value, tuple):
        raise TypeError("fun must return a real number: got a tuple; if it holds loss and gradient, give jac=True")
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fciub":
        raise TypeError("fun must return a real number: got "
                        + (f"{array.dtype} of shape {array.shape}" if array.dtype.kind in "fciub"
                           else type(value).__name__))
    return array.item()


def _real_number(value: Any) -> float:
    number = _one_number(value)
    if isinstance(number, complex):
        raise TypeError(f"fun must return a real number: got the complex number {number}")
    return float(number)


def _match(path: str, Y: Array, dL: Any) -> Array:
    """A copy of the gradient, in the dtype of Y."""
    name = f"gradient of {path!r}" if path else "gradient"
    if Y.ndim == 0:
        dL = np.asarray(dL)
    dL = check_array(name, dL)
    if dL.shape != Y.shape:
        raise ValueError(f"{name} must have shape {Y.shape}: got {dL.shape}")
    if np.result_type(dL.dtype, Y.dtype).kind != Y.dtype.kind:
        raise TypeError(f"{name} must be real, as x is: got {dL.dtype}")
    with np.errstate(over="ignore"):
        return np.array(dL, Y.dtype)
