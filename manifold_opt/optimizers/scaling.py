"""Norms and products of numbers so large or small that their squares overflow or underflow."""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import ldexp, squared
from manifold_opt.arrays.trees import Tree, leaves, map_tree

__all__ = ["exponent", "norm", "row_exponents", "scaled", "total_norm"]


def exponent(tree: Tree) -> int:
    """The exponent k for which the largest entry of all arrays of a tree is 2^k times a number in [0.5, 1)."""
    return max((int(np.frexp(np.max(np.abs(array), initial=0.0))[1]) for _, array in leaves(tree)), default=0)


def scaled(tree: Tree, k: int) -> Tree:
    """All arrays of a tree times 2^k, exactly where nothing underflows."""
    return tree if k == 0 else map_tree(lambda array: ldexp(array, k), tree)


def total_norm(arrays: Iterable[Array]) -> float:
    """Euclidean norm of all entries of some arrays."""
    arrays = list(arrays)
    k = exponent(arrays)
    squares = sum(float(np.sum(squared(ldexp(array, -k)).real, dtype=np.float64)) for array in arrays)
    return float(np.ldexp(np.sqrt(squares), k))


def row_exponents(*rows: Array) -> Array:
    """For each row (..., d) the exponent of its largest entry, over all given arrays."""
    return np.asarray(np.max([np.frexp(np.max(np.abs(c), axis=-1, initial=0.0))[1] for c in rows], axis=0))


def norm(c: Array) -> Array:
    """The norms (...) of rows (..., d)."""
    k = row_exponents(c)
    return np.asarray(np.ldexp(np.linalg.norm(np.ldexp(c, -k[..., None]), axis=-1), k))
