"""The real symplectic group Sp(N2, R): its adjoint, and the completion by a Hermitian eigendecomposition."""
from __future__ import annotations

from typing import Any, final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.arrays.matrix_functions import polar
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.groups.base import MatrixGroup
from manifold_opt.groups.isometric import haar

__all__ = ["SymplecticAdjoint", "SymplecticGroup", "random_orthosymplectic", "random_symplectic", "symplectic_form"]


@final
class SymplecticAdjoint(Adjoint):
    r"""The symplectic adjoint :math:`M^* = J_q^T M^T J_p` with :math:`J = [[0, I], [-I, 0]]` of the block's size.

    In halves, :math:`[[a, b], [c, d]]^* = [[d^T, -b^T], [-c^T, a^T]]`. The frame of the symplectic spaces is made of
    columns 1..n2/2 and N2/2+1..N2/2+n2/2 of the N2 x N2 identity.

    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import SymplecticAdjoint, symplectic_form
    >>> M = np.random.default_rng(0).normal(size=(6, 4))
    >>> np.array_equal(SymplecticAdjoint()(M), symplectic_form(4).T @ M.T @ symplectic_form(6))
    True
    """

    names = ("N2", "n2")

    def __call__(self, M: Array) -> Array:
        """The adjoint blocks (..., 2q, 2p) of M (..., 2p, 2q)."""
        p, q = M.shape[-2] // 2, M.shape[-1] // 2
        adjoint = np.empty((*M.shape[:-2], 2 * q, 2 * p), M.dtype)
        Mt = M.swapaxes(-1, -2)
        adjoint[..., :q, :p], adjoint[..., q:, p:] = Mt[..., q:, p:], Mt[..., :q, :p]
        # not np.negative: NumPy 2.4 reads a wrong stride where input and output are both strided by 16
        # (float32) or 64 (float64) bytes, as here with one pair of columns
        np.multiply(Mt[..., q:, :p], -1, out=adjoint[..., :q, p:])
        np.multiply(Mt[..., :q, p:], -1, out=adjoint[..., q:, :p])
        return adjoint

    def frame(self, N: int, n: int) -> Array:
        """The first n/2 indices of each half of 0..N-1."""
        return np.concatenate([np.arange(n // 2), N // 2 + np.arange(n // 2)])

    def check_size(self, name: str, size: int) -> int:
        """Sizes must be even: positions and momenta come in pairs."""
        if size < 0 or size % 2:
            raise ValueError(f"{name} must be even (pairs of positions and momenta): got {size}")
        return size

    def coordinates(self, A: Array) -> Array:
        r"""For :math:`[[P, Q], [R, -P^T]]` the entries of P, then the symmetric parts Q and R, n(n + 1)/2 numbers each.

        A diagonal entry of Q or R occurs once in the matrix and an entry of P twice, hence a factor :math:`1/\sqrt2`.
        """
        n = A.shape[-1] // 2
        rows, columns, weights = _symmetric_part(n, A.dtype)
        P, Q, R = A[..., :n, :n], A[..., :n, n:], A[..., n:, :n]
        return np.concatenate([P.reshape(*A.shape[:-2], n * n), Q[..., rows, columns] * weights,
                               R[..., rows, columns] * weights], axis=-1)

    def from_coordinates(self, c: Array, n: int) -> Array:
        """Hamiltonian matrices (..., n, n), n even."""
        half = n // 2
        rows, columns, weights = _symmetric_part(half, c.dtype)
        A = np.zeros((*c.shape[:-1], n, n), c.dtype)
        P = c[..., :half * half].reshape(*c.shape[:-1], half, half)
        A[..., :half, :half], A[..., half:, half:] = P, -np.swapaxes(P, -1, -2)
        Q, R = np.split(c[..., half * half:], 2, axis=-1)
        for block, entries in ((A[..., :half, half:], Q / weights), (A[..., half:, :half], R / weights)):
            block[..., rows, columns] = entries
            block[..., columns, rows] = entries
        return A

    def dimension(self, n: int) -> int:
        """The number n(n + 1)/2."""
        return n * (n + 1) // 2

    @property
    def is_compact(self) -> bool:
        """False: Sp(N2) is not compact."""
        return False

    def complete(self, Y: Array) -> Array:
        r"""A symplectic basis of :math:`\{x : Y^TJx = 0\}`, from a Hermitian eigendecomposition.

        With K an orthonormal basis of that space, :math:`S = K^TJK` is skew-symmetric and regular. Every eigenvalue
        :math:`\omega > 0` of the Hermitian matrix iS with unit eigenvector v gives the symplectic pair of columns
        :math:`K\sqrt2\,\mathrm{Im}\,v/\sqrt\omega`, :math:`K\sqrt2\,\mathrm{Re}\,v/\sqrt\omega`. Deterministic:
        eigenvalues ascend, and the phase of v makes its largest entry real and positive. This replaces the symplectic
        Gram-Schmidt process and symplectic Householder transformations, which are unstable because the group is not
        compact.

        Parameters
        ----------
        Y : numpy.ndarray
            Points (..., N2, n2) with Y*Y = I.

        Returns
        -------
        numpy.ndarray
            Columns (..., N2, N2 - n2), positions first, then momenta.

        Raises
        ------
        ValueError
            If the symplectic form is degenerate on the complement to working precision, which means that Y is too
            ill-conditioned for its dtype.
        """
        N2, n2 = Y.shape[-2:]
        half = (N2 - n2) // 2
        if half == 0:
            return np.zeros((*Y.shape[:-1], 0), Y.dtype)
        J = symplectic_form(N2, Y.dtype.type)
        K = np.linalg.qr(J.T @ Y, mode="complete")[0][..., n2:]
        S = np.swapaxes(K, -1, -2) @ J @ K
        omega, V = np.linalg.eigh(0.5j * (S - np.swapaxes(S, -1, -2)))
        omega, V = omega[..., half:], V[..., half:]
        if not omega[..., 0].min(initial=1.0) > N2 * np.finfo(Y.dtype).eps:
            raise ValueError("the symplectic form must be regular on the complement of Y: its smallest eigenvalue is "
                             f"{omega[..., 0].min():.1e}; Y is too ill-conditioned for {Y.dtype}")
        largest = np.take_along_axis(V, np.argmax(np.abs(V), axis=-2)[..., None, :], axis=-2)
        V = V * (np.conj(largest) / np.abs(largest)) * np.sqrt(2 / omega).astype(Y.dtype)[..., None, :]
        return np.asarray(K @ np.concatenate([V.imag, V.real], axis=-1))

    def rotation(self, P: Array) -> Array:
        """The orthogonal symplectic polar factor of the part of P that commutes with J."""
        n = P.shape[-1] // 2
        complex_part = P[..., :n, :n] + P[..., n:, n:] + 1j * (P[..., n:, :n] - P[..., :n, n:])
        U = polar(complex_part)[1]
        return np.concatenate([np.concatenate([U.real, -U.imag], axis=-1),
                               np.concatenate([U.imag, U.real], axis=-1)], axis=-2)


@final
class SymplecticGroup(MatrixGroup):
    r"""The symplectic group :math:`Sp(N_2) = \{M : M^TJM = J\}`, with the Hamiltonian matrices as Lie algebra.

    Hamiltonian matrices are :math:`[[P, Q], [R, -P^T]]` with Q and R symmetric. The group is not compact.

    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 2.

    Parameters
    ----------
    N2 : int
        Number of rows, even.

    Raises
    ------
    TypeError
        If N2 is not an integer.
    ValueError
        If N2 is odd or less than 2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import SymplecticGroup, symplectic_form
    >>> M, J = SymplecticGroup(6).random(np.random.default_rng(0), condition=100.0), symplectic_form(6)
    >>> np.allclose(M.T @ J @ M, J), bool(np.isclose(np.linalg.cond(M), 100.0))
    (True, True)
    """

    adjoint = SymplecticAdjoint()

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64, *,
               condition: float = 10.0) -> Array:
        """Elements (*batch, N2, N2) of the given condition number: there is no uniform distribution."""
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_symplectic(rng, (*batch, self.N, self.N), condition).astype(dtype)


def random_orthosymplectic(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Columns (..., N2, n2) of uniformly distributed orthogonal symplectic matrices [[Re U, -Im U], [Im U, Re U]] with
    Haar unitary U, in float64.
    """
    half = (*shape[:-2], shape[-2] // 2, shape[-1] // 2)
    U = haar(rng.standard_normal(half) + 1j * rng.standard_normal(half))
    return np.concatenate([np.concatenate([U.real, -U.imag], axis=-1),
                           np.concatenate([U.imag, U.real], axis=-1)], axis=-2)


def random_symplectic(rng: np.random.Generator, shape: tuple[int, ...], condition: float) -> Array:
    """Symplectic matrices (..., N2, n2) of a condition number, in float64; ValueError if it is below 1 or infinite.

    They are the frame columns of U D V, with uniformly distributed orthogonal symplectic matrices U and V and
    D = diag(d, 1/d), where one of the d is exp(t), the others are near 1, and t is found by bisection.

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


def _symmetric_part(n: int, dtype: np.dtype[Any]) -> tuple[Array, Array, Array]:
    """Rows, columns and weights of the independent entries of a symmetric matrix."""
    rows, columns = np.tril_indices(n)
    return rows, columns, np.where(rows == columns, np.sqrt(0.5), 1.0).astype(dtype)


def symplectic_form(size: int, dtype: np.dtype[np.floating] | type = np.float64) -> Array:
    """The Poisson matrix J = [[0, I], [-I, 0]] of the given even size.

    Parameters
    ----------
    size : int
        Number of rows, even.
    dtype : dtype
        Type of the entries.

    Returns
    -------
    numpy.ndarray
        J of shape (size, size).

    Raises
    ------
    ValueError
        If `size` is odd or negative.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import symplectic_form
    >>> J = symplectic_form(6)
    >>> np.array_equal(J @ J, -np.eye(6))
    True
    """
    half = SymplecticAdjoint().check_size("size", size) // 2
    J = np.zeros((size, size), dtype)
    J[:half, half:] = np.eye(half)
    J[half:, :half] = -np.eye(half)
    return J
