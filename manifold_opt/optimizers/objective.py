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
    r"""A loss with its Euclidean gradient in the conventions of :func:`scipy.optimize.minimize`.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns a real number, or the pair (number, gradient) if `jac` is True.
    jac : callable, True or "cs"
        ``jac(x, *args)`` returns the gradient in structure and shapes of x; True if `fun` returns it too; "cs" for
        complex steps, with one call of `fun` for each entry of x. The complex step :math:`\mathrm{Im} f(x + ihe)/h`
        is exact to rounding but asks for a `fun` that takes complex arrays and is analytic (no abs, conj, norm or
        comparison of entries); the first gradient is checked against a central difference.
    args : tuple
        Further arguments of both.

    Raises
    ------
    TypeError
        If `fun` is not callable.
    ValueError
        If `jac` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.optimizers.objective import Objective
    >>> objective = Objective(lambda x: np.sum(x**3), "cs")
    >>> objective(np.array([1.0, 2.0]))
    (9.0, array([ 3., 12.]))
    >>> objective.nfev, objective.njev
    (1, 1)
    """

    def __init__(self, fun: Callable[..., Any], jac: Any, args: tuple[Any, ...] = ()) -> None:
        if not callable(fun):
            raise TypeError(f"fun must be callable: got {type(fun).__name__}")
        if not (callable(jac) or jac is True or jac == "cs"):
            raise ValueError("jac must be a callable, True (fun returns the pair of loss and gradient) or 'cs' "
                             f"(complex steps): got {jac!r}; finite differences lose half the digits")
        self.fun, self.jac, self.args = fun, jac, args
        self.nfev = self.njev = 0

    def __call__(self, x: Tree) -> tuple[float, Tree]:
        """Loss and Euclidean gradient at x; TypeError or ValueError if they are not what they must be."""
        self.nfev += 1
        self.njev += 1
        if self.jac is True:
            result = self.fun(x, *self.args)
            if not (isinstance(result, tuple) and len(result) == 2):
                raise ValueError("fun must return the pair of loss and gradient, because jac is True: got "
                                 f"{type(result).__name__}")
            value, gradient = result
        else:
            value = self.fun(x, *self.args)
            gradient = self._complex_step(x) if self.jac == "cs" else self.jac(x, *self.args)
        return _real_number(value), map_tree(_match, x, gradient, names=True)

    def _complex_step(self, x: Tree) -> Tree:
        gradient = map_tree(np.zeros_like, x)
        shifted = map_tree(lambda Y: Y.astype(np.result_type(Y.dtype, np.complex64)), x)
        for (_, Y), (_, dL) in zip(leaves(shifted), leaves(gradient)):
            step = 1e-20 if Y.dtype == np.complex64 else 1e-100
            for index in np.ndindex(Y.shape):
                Y[index] += 1j * step
                dL[index] = np.imag(self.fun(shifted, *self.args)) / step
                Y[index] = Y[index].real
        if self.njev == 1:
            self._check_complex_step(x, gradient)
        return gradient

    def _check_complex_step(self, x: Tree, gradient: Tree) -> None:
        """A fun that is not analytic gives wrong complex steps without any other sign."""
        h = max(float(np.finfo(Y.dtype).eps) for _, Y in leaves(x)) ** (1 / 3)
        scale = h * max(1.0, max(float(np.max(np.abs(Y), initial=0.0)) for _, Y in leaves(x)))
        signs = map_tree(lambda Y: np.where(np.arange(Y.size) % 3 == 0, -1.0, 1.0).reshape(Y.shape).astype(Y.dtype), x)
        high, low = (float(np.real(self.fun(map_tree(lambda Y, e: Y + sign * e, x, signs), *self.args)))
                     for sign in (scale, -scale))
        slope = sum(float(np.sum(dL * e)) for (_, dL), (_, e) in zip(leaves(gradient), leaves(signs)))
        size = sum(float(np.sum(np.abs(dL))) for _, dL in leaves(gradient))
        difference = (high - low) / (2 * scale)
        if abs(difference - slope) > 100 * h * max(size, abs(difference), abs(high) + abs(low)):
            raise ValueError("fun must be analytic and take complex arrays, because jac is 'cs': the derivative along "
                             f"one direction is {difference:.6e} by a difference, {slope:.6e} by complex steps")


def _real_number(value: Any) -> float:
    if isinstance(value, tuple):
        raise TypeError("fun must return a real number: got a tuple; if it holds loss and gradient, give jac=True")
    array = np.asarray(value)
    if array.ndim != 0 or np.iscomplexobj(array):
        raise TypeError(f"fun must return a real number: got {array.dtype} of shape {array.shape}")
    return float(array)


def _match(path: str, Y: Array, dL: Any) -> Array:
    name = f"gradient of {path!r}" if path else "gradient"
    if Y.ndim == 0:
        dL = np.asarray(dL)
    check_array(name, dL)
    if dL.shape != Y.shape:
        raise ValueError(f"{name} must have shape {Y.shape}: got {dL.shape}")
    return np.asarray(dL, Y.dtype)
