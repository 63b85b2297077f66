"""Ball arithmetic: object arrays of ``flint.arb``, whose radii prove how their numbers are rounded.

A ball contains the number that it stands for, whatever the precision is. So a float64 to which both ends of a ball
round is the rounding of that number, and not merely likely to be. Sums and products of floats are exact in enough bits.
"""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from math import factorial
from random import Random
from typing import Any

import flint
import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array

__all__ = ["DIGITS", "Unproven", "precision", "draw", "exact", "number", "rational", "zeros", "identity",
           "rounded", "midpoints", "centers",
           "largest", "solve", "exponential", "exp", "log", "sqrt", "tanh"]

DIGITS = 50
"""The radius of a ball that is rounded is at most 10^-50 of its midpoint, if it is not zero."""


class Unproven(ArithmeticError):
    """A ball is too wide to say how its number is rounded."""


def precision(bits: int = 1024) -> AbstractContextManager[Any]:
    """The context in which midpoints have the given number of bits."""
    context: AbstractContextManager[Any] = flint.ctx.workprec(bits)
    return context


def draw(random: Random, *shape: int) -> Array:
    """Multiples of 2^-20 in [-1, 1), which float32 and float64 hold exactly, from Python's own generator."""
    size = int(np.prod(shape, dtype=int))
    numbers = np.array([random.getrandbits(21) for _ in range(size)], dtype=np.float64)
    return np.asarray((numbers - 2.0**20) * 2.0**-20).reshape(shape)


def number(x: Any) -> Any:
    """A float or an integer as a ball of radius zero; a rational as the smallest ball around it."""
    return flint.arb(x)


def rational(x: float) -> Any:
    """A float as a rational number: what cancels in quotients is gone, and no ball hides it."""
    return flint.fmpq(*x.as_integer_ratio())


def exact(X: npt.ArrayLike) -> Array:
    """Floats as balls of radius zero."""
    return _each(lambda x: flint.arb(float(x)), np.asarray(X))


def zeros(*shape: int) -> Array:
    """Exact zeros."""
    return exact(np.zeros(shape))


def identity(size: int) -> Array:
    """The identity matrix, exactly."""
    return exact(np.eye(size))


def rounded(X: Array, dtype: npt.DTypeLike = np.float64) -> Array:
    """The nearest float64 of every number, and from there to `dtype`; Unproven where a ball does not say which it is.

    >>> from manifold_opt.oracle.make import balls
    >>> with balls.precision():
    ...     bool(balls.rounded(balls.exact([1.0]) / 3)[0] == 1 / 3)
    True
    """
    X = np.asarray(X, dtype=object)
    return np.array([_nearest(x) for x in X.ravel()], dtype=np.float64).reshape(X.shape).astype(dtype)


def midpoints(X: Array, dtype: npt.DTypeLike = np.float64) -> Array:
    """The midpoints, rounded: for inputs, which may be any numbers."""
    X = np.asarray(X, dtype=object)
    return np.array([_float(*_mid(x)) for x in X.ravel()], dtype=np.float64).reshape(X.shape).astype(dtype)


def centers(X: Array) -> Array:
    """The midpoints as balls of radius zero."""
    return _each(lambda x: x.mid(), X)


def _mid(x: Any) -> tuple[int, int]:
    mantissa, exponent = x.mid().man_exp()
    return int(mantissa), int(exponent)


def _float(mantissa: int, exponent: int) -> float:
    """The float64 nearest to mantissa times 2^exponent: quotients of integers are rounded correctly."""
    return float(mantissa << exponent) if exponent >= 0 else mantissa / (1 << -exponent)


def _nearest(x: Any) -> float:
    mantissa, exponent = _mid(x)
    radius, scale = (int(part) for part in x.rad().man_exp())
    if radius == 0:
        return _float(mantissa, exponent)
    low = min(exponent, scale)
    mantissa, radius = mantissa << exponent - low, radius << scale - low
    ends = {_float(mantissa - radius, low), _float(mantissa + radius, low)}
    if radius * 10**DIGITS > abs(mantissa) or len(ends) > 1:
        raise Unproven(f"the rounding of a ball must be certain: got {x.str(40)} with radius {x.rad().str(5)}")
    return ends.pop()


def largest(X: Array) -> float:
    """The largest magnitude of a midpoint; 0 in an empty array."""
    return max((abs(_float(*_mid(x))) for x in np.asarray(X, dtype=object).ravel()), default=0.0)


def solve(M: Array, X: Array) -> Array:
    r"""The solution of :math:`MZ = X`, of exact numbers in rational arithmetic: what cancels is exactly zero.

    >>> from manifold_opt.oracle.make import balls
    >>> with balls.precision():
    ...     Z = balls.solve(balls.exact([[3.0, 1.0], [1.0, 3.0]]), balls.exact([[1.0], [3.0]]))
    ...     balls.rounded(Z).tolist()
    [[0.0], [1.0]]
    """
    if _are_exact(M) and _are_exact(X):
        return _each(flint.arb, _array(_rational(M).solve(_rational(X))))
    return _array(_matrix(M).solve(_matrix(X)))


def exponential(X: Array) -> Array:
    """The matrix exponential; of exact numbers with exact zeros, and as the finite series if they are nilpotent.

    >>> import numpy as np
    >>> from manifold_opt.oracle.make import balls
    >>> with balls.precision():
    ...     Q = balls.rounded(balls.exponential(balls.exact([[0.0, -1000.0], [1000.0, 0.0]])))
    >>> np.allclose(Q, [[np.cos(1000), -np.sin(1000)], [np.sin(1000), np.cos(1000)]], rtol=1e-15)
    True
    """
    E = _array(_matrix(X).exp())
    unclear = [place for place, x in np.ndenumerate(E) if x.contains(0) and not x.is_exact()]
    trace = np.sum(X * X.T)
    if _are_exact(X) and (unclear or trace.is_zero()):
        # exp(X) is a polynomial in X of degree below N, by Cayley and Hamilton
        powers = [_rational(identity(len(X)))]
        for _ in range(len(X)):
            powers.append(powers[-1] * _rational(X))
        for place in unclear:
            if all(power[place] == 0 for power in powers[:-1]):
                E[place] = flint.arb(0)
        if all(x == 0 for x in powers[-1].entries()):
            series = [_array(power) / flint.fmpq(factorial(k)) for k, power in enumerate(powers)]
            return _each(flint.arb, np.sum(series, axis=0))
    return E


def _are_exact(X: Array) -> bool:
    return all(x.is_exact() for x in X.ravel())


def _matrix(X: Array) -> Any:
    return flint.arb_mat(len(X), X.shape[1], list(X.ravel()))


def _rational(X: Array) -> Any:
    return flint.fmpq_mat(len(X), X.shape[1], [x.fmpq() for x in X.ravel()])


def _array(M: Any) -> Array:
    result = np.empty((M.nrows(), M.ncols()), object)
    for place in np.ndindex(result.shape):
        result[place] = M[place]
    return result


def exp(X: Array) -> Array:
    """The exponential of every entry."""
    return _each(lambda x: x.exp(), X)


def log(X: Array) -> Array:
    """The logarithm of every entry."""
    return _each(lambda x: x.log(), X)


def sqrt(X: Array) -> Array:
    """The square root of every entry."""
    return _each(lambda x: x.sqrt(), X)


def tanh(X: Array) -> Array:
    """The hyperbolic tangent of every entry."""
    return _each(lambda x: x.tanh(), X)


def _each(function: Callable[[Any], Any], X: Array) -> Array:
    result = np.empty(np.shape(X), object)
    result.reshape(-1)[:] = [function(x) for x in np.ravel(X)]
    return result
