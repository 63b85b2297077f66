"""Arithmetic with 100 significant digits: object arrays of :class:`decimal.Decimal`, from the standard library alone.

The decimal module computes sums, products, quotients, square roots and exponentials rounded correctly to the digits of
its context, on every machine. So numbers that are rounded once from here to float64 are the same everywhere.
"""
from __future__ import annotations

import decimal
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array

__all__ = ["DIGITS", "context", "draw", "exact", "rounded", "flushed", "identity", "solve", "exponential", "exp",
           "tanh", "largest"]

DIGITS = 50
"""Digits that are correct in every intermediate result. As many again are carried: they absorb cancellation, and they
hold sums of floating-point numbers exactly, so that a sum halfway between two neighbors is rounded to the even one."""


def context() -> AbstractContextManager[decimal.Context]:
    """The context in which all functions of this module must be called.

    Returns
    -------
    context manager

    Examples
    --------
    >>> from decimal import Decimal
    >>> from manifold_opt.oracle.decimals import context
    >>> with context():
    ...     third = Decimal(1) / 3
    >>> len(str(third)) - 2
    100
    """
    return decimal.localcontext(decimal.Context(prec=2 * DIGITS, rounding=decimal.ROUND_HALF_EVEN,
                                                Emin=-10**9, Emax=10**9, capitals=1, clamp=0,
                                                traps=[decimal.DivisionByZero, decimal.InvalidOperation,
                                                       decimal.Overflow]))


def draw(random: Random, *shape: int) -> Array:
    """Multiples of 2^-20 in [-1, 1), which float32 and float64 hold exactly.

    Parameters
    ----------
    random : random.Random
        Python's own generator, whose stream is the same in every version (unlike NumPy's).
    *shape : int
        Shape of the array.

    Returns
    -------
    numpy.ndarray
        float64 array.

    Examples
    --------
    >>> from random import Random
    >>> from manifold_opt.oracle.decimals import draw
    >>> bool((draw(Random("seed"), 5).astype("float32") == draw(Random("seed"), 5)).all())
    True
    """
    size = int(np.prod(shape, dtype=int))
    numbers = np.array([random.getrandbits(21) for _ in range(size)], dtype=np.float64)
    return np.asarray((numbers - 2.0**20) * 2.0**-20).reshape(shape)


def exact(X: npt.ArrayLike) -> Array:
    """The same numbers as decimals, without rounding.

    Parameters
    ----------
    X : array_like
        float32 or float64 numbers.

    Returns
    -------
    numpy.ndarray
        Object array of the same shape.

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import exact
    >>> str(exact([0.1])[0])[:24]
    '0.1000000000000000055511'
    """
    return _each(lambda x: Decimal(float(x)), np.asarray(X))


def rounded(X: Array, dtype: npt.DTypeLike = np.float64) -> Array:
    """Decimals rounded to the nearest float64, and from there to `dtype`.

    Parameters
    ----------
    X : numpy.ndarray
        Object array.
    dtype : dtype
        float64 or float32.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import context, exact, rounded
    >>> with context():
    ...     third = rounded(exact([1.0]) / 3)
    >>> bool(third[0] == 1 / 3)
    True
    """
    return np.array([float(x) for x in X.ravel()], dtype=np.float64).reshape(X.shape).astype(dtype)


def flushed(X: Array) -> Array:
    """The array with entries below 10^-50 of the largest one set to zero: what is left of an exact cancellation.

    Parameters
    ----------
    X : numpy.ndarray
        Object array.

    Returns
    -------
    numpy.ndarray
        Object array.

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import exact, flushed, rounded
    >>> rounded(flushed(exact([1.0, 1e-30, 1e-60]))).tolist()
    [1.0, 1e-30, 0.0]
    """
    bound = largest(X) * Decimal(10)**-DIGITS
    return _each(lambda x: x if abs(x) > bound else Decimal(0), X)


def identity(size: int) -> Array:
    """The identity matrix.

    Parameters
    ----------
    size : int
        Number of rows.

    Returns
    -------
    numpy.ndarray
        Object array (size, size).

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import identity, rounded
    >>> rounded(identity(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return exact(np.eye(size))


def largest(X: Array) -> Decimal:
    """The largest magnitude in an array; 0 in an empty one.

    Parameters
    ----------
    X : numpy.ndarray
        Object array.

    Returns
    -------
    Decimal

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import exact, largest
    >>> largest(exact([1.0, -2.0]))
    Decimal('2')
    """
    return max((abs(x) for x in np.asarray(X, dtype=object).ravel()), default=Decimal(0))


def solve(M: Array, X: Array) -> Array:
    r"""The solution of :math:`MZ = X` by elimination with row pivoting.

    Parameters
    ----------
    M, X : numpy.ndarray
        Object arrays (n, n) and (n, m).

    Returns
    -------
    numpy.ndarray
        Object array (n, m).

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import context, exact, rounded, solve
    >>> with context():
    ...     Z = rounded(solve(exact([[0.0, 2.0], [4.0, 0.0]]), exact([[1.0], [2.0]])))
    >>> Z.tolist()
    [[0.5], [0.5]]
    """
    n = len(M)
    T = np.concatenate([M, X], axis=1)
    for k in range(n):
        pivot = k + max(range(n - k), key=lambda i: abs(T[k + i, k]))
        T[[k, pivot]] = T[[pivot, k]]
        T[k] = T[k] / T[k, k]
        for i in range(n):
            if i != k and T[i, k]:
                T[i] = T[i] - T[i, k] * T[k]
    return np.asarray(T[:, n:])


def exponential(X: Array) -> Array:
    """The matrix exponential by its Taylor series, with scaling and squaring in enough digits.

    Parameters
    ----------
    X : numpy.ndarray
        Object array (n, n).

    Returns
    -------
    numpy.ndarray
        Object array (n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.oracle.decimals import context, exact, exponential, rounded
    >>> with context():
    ...     Q = rounded(exponential(exact([[0.0, -1000.0], [1000.0, 0.0]])))
    >>> np.allclose(Q, [[np.cos(1000), -np.sin(1000)], [np.sin(1000), np.cos(1000)]], rtol=1e-15)
    True
    """
    norm = max((sum(abs(x) for x in row) for row in X), default=Decimal(0))
    doublings = max(0, int(norm * 16).bit_length())
    with decimal.localcontext() as local:
        local.prec += 10 + doublings
        Z = X / Decimal(2)**doublings
        term = E = identity(len(X))
        for k in range(1, 1000):
            term = term @ Z / Decimal(k)
            E = E + term
            if largest(term) < Decimal(10)**-local.prec:
                break
        for _ in range(doublings):
            E = E @ E
    return +E


def exp(X: Array) -> Array:
    """The exponential of every entry.

    Parameters
    ----------
    X : numpy.ndarray
        Object array.

    Returns
    -------
    numpy.ndarray
        Object array.

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import context, exact, exp, rounded
    >>> with context():
    ...     rounded(exp(exact([1.0]))).tolist()
    [2.718281828459045]
    """
    return _each(lambda x: x.exp(), X)


def tanh(X: Array) -> Array:
    """The hyperbolic tangent of every entry, without cancellation to fifty digits for entries above 1e-10.

    Parameters
    ----------
    X : numpy.ndarray
        Object array.

    Returns
    -------
    numpy.ndarray
        Object array.

    Examples
    --------
    >>> from manifold_opt.oracle.decimals import context, exact, rounded, tanh
    >>> with context():
    ...     rounded(tanh(exact([0.0, 0.5]))).tolist()
    [0.0, 0.46211715726000974]
    """
    return _each(lambda x: 1 - 2 / ((2 * x).exp() + 1), X)


def _each(function: Callable[[Any], Decimal], X: Array) -> Array:
    result = np.empty(X.shape, object)
    result.reshape(-1)[:] = [function(x) for x in X.ravel()]
    return result
