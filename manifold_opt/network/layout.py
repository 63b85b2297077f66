"""The layout in which the layers compute: tokens are columns, and a few samples stand side by side."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_integer
from manifold_opt.network.workspace import Buffers

__all__ = ["columns", "rows", "group_size", "sum_of_products", "transposed"]

GROUP_COLUMNS = 64
"""Columns in a group: enough for BLAS to work at full rate, few enough to stay in cache and for OpenBLAS to use the
calling thread alone, so that threads which share a batch do not wait for each other."""


def group_size(batch: int, tokens: int) -> int:
    """The largest number of samples that divides the batch and makes at most 64 columns (or one sample).

    Parameters
    ----------
    batch, tokens : int
        Number of samples, and of tokens in a sample.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a number is no positive integer.

    Examples
    --------
    >>> from manifold_opt.network.layout import group_size
    >>> group_size(256, 16), group_size(6, 16), group_size(7, 16), group_size(2, 1000)
    (4, 3, 1, 1)
    """
    batch, tokens = check_integer("batch", batch, 1), check_integer("tokens", tokens, 1)
    largest = max(1, min(batch, GROUP_COLUMNS // tokens))
    return next(size for size in range(largest, 0, -1) if batch % size == 0)


def columns(x: Array, samples: int) -> Array:
    """Sequences with tokens as rows to sequences with tokens as columns, in groups; the inverse of :func:`rows`.

    Parameters
    ----------
    x : numpy.ndarray
        Array of shape (batch, tokens, width).
    samples : int
        Number of samples in a group; must divide the batch.

    Returns
    -------
    numpy.ndarray
        New array of shape (batch/samples, width, samples, tokens).

    Raises
    ------
    TypeError, ValueError
        If `x` is no array of floating-point numbers with three axes, or the samples do not divide the batch.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import columns, rows
    >>> x = np.random.default_rng(0).normal(size=(6, 4, 3))
    >>> columns(x, 2).shape, np.array_equal(rows(columns(x, 2)), x)
    ((3, 3, 2, 4), True)
    """
    _check_axes("x", x, 3)
    batch, tokens, width = x.shape
    if batch % (samples := check_integer("samples", samples, 1)):
        raise ValueError(f"samples must divide the batch of {batch}: got {samples}")
    Z = x.reshape(batch // samples, samples, tokens, width).transpose(0, 3, 1, 2)
    return np.array(Z, order="C")


def rows(Z: Array) -> Array:
    """Sequences with tokens as columns back to sequences with tokens as rows; the inverse of :func:`columns`.

    Parameters
    ----------
    Z : numpy.ndarray
        Array of shape (groups, width, samples, tokens).

    Returns
    -------
    numpy.ndarray
        New array of shape (groups * samples, tokens, width).

    Raises
    ------
    TypeError, ValueError
        If `Z` is no array of floating-point numbers with four axes.
    """
    _check_axes("Z", Z, 4)
    groups, width, samples, tokens = Z.shape
    return np.array(Z.transpose(0, 2, 3, 1), order="C").reshape(groups * samples, tokens, width)


def _check_axes(name: str, value: Array, axes: int) -> None:
    """ValueError unless an array has so many axes."""
    if check_array(name, value).ndim != axes:
        raise ValueError(f"{name} must have {axes} axes: got shape {value.shape}")


def sum_of_products(D: Array, X: Array, buffers: Buffers) -> Array:
    r"""The gradient :math:`\sum D X^T` of a weight, from D (groups, m, columns) and X (groups, n, columns)."""
    products = buffers.array("D X^T", (len(D), D.shape[1], X.shape[1]), np.result_type(D, X))
    dW: Array = np.matmul(D, transposed(X, buffers, "X^T"), out=products).sum(axis=0)
    return dW


def transposed(M: Array, buffers: Buffers, name: str) -> Array:
    """A copy in the buffers of a stack with every matrix transposed: products of small ones are faster from it."""
    copy = buffers.array(name, (*M.shape[:-2], M.shape[-1], M.shape[-2]), M.dtype)
    copy[...] = M.swapaxes(-1, -2)
    return copy
