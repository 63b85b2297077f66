"""The real symplectic group Sp(2N, R)."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.adjoints import SymplecticAdjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.groups.base import IsometryGroup

__all__ = ["SymplecticGroup", "random_orthosymplectic", "random_symplectic"]


@final
class SymplecticGroup(IsometryGroup):
    r"""The symplectic group :math:`Sp(2N) = \{M : M^TJM = J\}`, with the Hamiltonian matrices as Lie algebra.

    Hamiltonian matrices are :math:`[[P, Q], [R, -P^T]]` with Q and R symmetric. The group is not compact.

    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 2.

    Parameters
    ----------
    N2 : int
        Number of rows 2N, even.

    Raises
    ------
    TypeError
        If N2 is no integer.
    ValueError
        If N2 is odd or less than 2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import symplectic_form
    >>> from manifold_opt.groups import SymplecticGroup
    >>> M, J = SymplecticGroup(6).random(np.random.default_rng(0), condition=100.0), symplectic_form(6)
    >>> np.allclose(M.T @ J @ M, J), bool(np.isclose(np.linalg.cond(M), 100.0))
    (True, True)
    """

    adjoint = SymplecticAdjoint()

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64, *,
               condition: float = 10.0) -> Array:
        """Elements (*batch, 2N, 2N) of the given condition number: there is no uniform distribution."""
        return random_symplectic(rng, (*batch, self.N, self.N), condition).astype(dtype)


def random_orthosymplectic(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Columns of uniformly distributed orthogonal symplectic matrices, in float64.

    They are the real form [[Re U, -Im U], [Im U, Re U]] of Haar unitary U, and so have condition number 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    shape : tuple of int
        (..., 2N, 2n) with n <= N.

    Returns
    -------
    numpy.ndarray
        Array of the given shape.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups.symplectic import random_orthosymplectic
    >>> U = random_orthosymplectic(np.random.default_rng(0), (6, 4))
    >>> np.allclose(U.T @ U, np.eye(4))
    True
    """
    half = (*shape[:-2], shape[-2] // 2, shape[-1] // 2)
    Q, R = np.linalg.qr(rng.standard_normal(half) + 1j * rng.standard_normal(half))
    diagonal = np.diagonal(R, axis1=-2, axis2=-1)
    U = Q * (diagonal / np.abs(diagonal))[..., None, :]
    return np.concatenate([np.concatenate([U.real, -U.imag], axis=-1),
                           np.concatenate([U.imag, U.real], axis=-1)], axis=-2)


def random_symplectic(rng: np.random.Generator, shape: tuple[int, ...], condition: float) -> Array:
    """Symplectic matrices of a given condition number, in float64.

    They are the frame columns of U D V, with uniformly distributed orthogonal symplectic matrices U and V and
    D = diag(d, 1/d), where one of the d is exp(t), the others are near 1, and t is found by bisection.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    shape : tuple of int
        (..., 2N, 2n) with n <= N.
    condition : float
        Ratio of the largest to the smallest singular value, at least 1.

    Returns
    -------
    numpy.ndarray
        Array of the given shape.

    Raises
    ------
    ValueError
        If `condition` is below 1 or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups.symplectic import random_symplectic
    >>> Y = random_symplectic(np.random.default_rng(0), (8, 4), 900.0)
    >>> bool(np.isclose(np.linalg.cond(Y), 900.0))
    True
    """
    if not 1.0 <= condition < np.inf:
        raise ValueError(f"condition must be finite and at least 1: got {condition}")
    N2 = shape[-2]
    U, V = random_orthosymplectic(rng, (*shape[:-1], N2)), random_orthosymplectic(rng, shape)
    exponents = rng.uniform(-0.1, 0.1, size=(*shape[:-2], N2 // 2))
    exponents[..., 0] = 1.0
    exponents = np.concatenate([exponents, -exponents], axis=-1)[..., None]

    def exceeds(t: Array) -> Array:
        return np.asarray(np.linalg.cond(np.exp(t[..., None, None] * exponents) * V) > condition)

    low, high = np.zeros(shape[:-2]), np.full(shape[:-2], 1.0 + np.log(condition))
    for _ in range(5):
        # columns with little weight in the first pair need more
        high = np.where(exceeds(high), high, 2.0 * high)
    for _ in range(55):
        middle = 0.5 * (low + high)
        above = exceeds(middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(U @ (np.exp(low[..., None, None] * exponents) * V))
