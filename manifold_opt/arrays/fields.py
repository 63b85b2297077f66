"""Real and complex numbers in one set of formulas: what is real is the special case in which nothing happens."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import UNITS, Array, Field

__all__ = ["REALS", "from_reals", "in_field", "inner", "ldexp", "squared", "standard_normal", "to_reals", "transposed"]

REALS: dict[Field, int] = {"real": 1, "complex": 2}
"""How many real numbers an entry is made of."""


def transposed(M: Array) -> Array:
    r"""The conjugate transpose :math:`M^H` of matrices; of real ones a view."""
    return M.conj().swapaxes(-1, -2)


def squared(X: Array) -> Array:
    """The squared magnitudes of entries, in the dtype of X."""
    return np.asarray(X * X.conj())


def inner(X: Array, Z: Array, axis: tuple[int, ...]) -> Array:
    r"""The real inner product :math:`\mathrm{Re}\sum\bar xz` over some axes."""
    return np.asarray(np.sum(X.conj() * Z, axis=axis).real)


def ldexp(X: Array, k: int) -> Array:
    """The product of X with 2^k, exact where nothing underflows; in two factors, each of which is in range."""
    return np.asarray(X * 2.0 ** (k // 2) * 2.0 ** (k - k // 2))


def to_reals(X: Array) -> Array:
    """The real numbers (..., k) or (..., 2k) that an array (..., k) is made of."""
    return np.ascontiguousarray(X).view(X.real.dtype)


def from_reals(c: Array, field: Field) -> Array:
    """The numbers of a field that are made of the reals c, the inverse of :func:`to_reals`."""
    return np.ascontiguousarray(c).view(np.result_type(c.dtype, UNITS[field]))


def in_field(X: Array, dtype: npt.DTypeLike) -> Array:
    """Complex X in the numbers of a dtype: its real parts where that is real."""
    return np.asarray(X if np.dtype(dtype).kind == "c" else X.real)


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """An array whose real numbers are independent and standard normal."""
    numbers = np.dtype(dtype).itemsize // np.zeros((), dtype).real.itemsize
    draws = np.asarray(rng.standard_normal((*shape, numbers)))
    return np.asarray(draws @ np.array([1, 1j][:numbers])).astype(dtype)
