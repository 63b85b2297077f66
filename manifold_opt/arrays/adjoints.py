"""The one adjoint M* that makes a single set of formulas serve O(N) and Sp(2N)."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["Adjoint", "TransposeAdjoint", "SymplecticAdjoint", "symplectic_form"]


class Adjoint(ABC):
    r"""The adjoint :math:`M \mapsto M^*` of a block with respect to the form that the group preserves.

    An adjoint is involutive and reverses products, :math:`(M^*)^* = M` and :math:`(MK)^* = K^*M^*`. The group is
    :math:`\{M : M^*M = I\}`, its Lie algebra :math:`\{X : X^* = -X\}`. An adjoint also names the *frame*: the columns
    of the identity that make up the canonical point :math:`E` with n columns; the other ones are the *complement*.

    Paper: v4, section 2 (Stiefel and Grassmann), the symplectic spaces in the same words.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.adjoints import SymplecticAdjoint
    >>> M, K = np.random.default_rng(0).normal(size=(2, 4, 4))
    >>> adjoint = SymplecticAdjoint()
    >>> np.allclose(adjoint(M @ K), adjoint(K) @ adjoint(M))
    True
    """

    @abstractmethod
    def __call__(self, M: Array) -> Array:
        """The adjoint (..., q, p) of the blocks M (..., p, q)."""

    @abstractmethod
    def frame(self, N: int, n: int) -> Array:
        """Indices (n,) of the columns of the N x N identity that make up E; the complement is the rest, in order."""

    @abstractmethod
    def check_size(self, name: str, size: int) -> int:
        """Return `size` if a block can have so many rows or columns; ValueError otherwise."""

    @property
    @abstractmethod
    def is_isometric(self) -> bool:
        """Whether group elements preserve the Frobenius norm, which makes the group compact."""

    @abstractmethod
    def coordinates(self, A: Array) -> Array:
        r"""Coordinates (..., k) of algebra elements (..., n, n), orthonormal for half the Frobenius product."""

    @abstractmethod
    def from_coordinates(self, c: Array, n: int) -> Array:
        """The algebra elements (..., n, n) with the coordinates c (..., k), the inverse of :meth:`coordinates`."""

    @final
    def complement(self, N: int, n: int) -> Array:
        """Indices (N - n,) of the columns of the N x N identity that are not in E."""
        rest = np.ones(N, bool)
        rest[self.frame(N, n)] = False
        return np.flatnonzero(rest)

    @final
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    @final
    def __hash__(self) -> int:
        return hash(type(self))

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@final
class TransposeAdjoint(Adjoint):
    r"""The transpose, :math:`M^* = M^T`: the adjoint of O(N), whose frame is the first n columns.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.adjoints import TransposeAdjoint
    >>> TransposeAdjoint()(np.array([[1.0, 2.0]])).shape
    (2, 1)
    """

    def __call__(self, M: Array) -> Array:
        """The transposed blocks (..., q, p), a view of M (..., p, q)."""
        return np.swapaxes(M, -1, -2)

    def frame(self, N: int, n: int) -> Array:
        """The first n indices."""
        return np.arange(n)

    def check_size(self, name: str, size: int) -> int:
        """Every size of at least zero will do."""
        if size < 0:
            raise ValueError(f"{name} must not be negative: got {size}")
        return size

    def coordinates(self, A: Array) -> Array:
        """The n(n - 1)/2 entries below the diagonal of skew-symmetric A."""
        rows, columns = np.tril_indices(A.shape[-1], -1)
        return np.asarray(A[..., rows, columns])

    def from_coordinates(self, c: Array, n: int) -> Array:
        """Skew-symmetric matrices (..., n, n)."""
        rows, columns = np.tril_indices(n, -1)
        A = np.zeros((*c.shape[:-1], n, n), c.dtype)
        A[..., rows, columns] = c
        A[..., columns, rows] = -c
        return A

    @property
    def is_isometric(self) -> bool:
        """True: O(N) is compact."""
        return True


@final
class SymplecticAdjoint(Adjoint):
    r"""The symplectic adjoint :math:`M^* = J_q^T M^T J_p` with :math:`J = [[0, I], [-I, 0]]` of the block's size.

    In halves, :math:`[[a, b], [c, d]]^* = [[d^T, -b^T], [-c^T, a^T]]`. The frame of the symplectic spaces is made of
    columns 1..n and N+1..N+n of the 2N x 2N identity.

    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.adjoints import SymplecticAdjoint, symplectic_form
    >>> M = np.random.default_rng(0).normal(size=(6, 4))
    >>> np.array_equal(SymplecticAdjoint()(M), symplectic_form(4).T @ M.T @ symplectic_form(6))
    True
    """

    def __call__(self, M: Array) -> Array:
        """The adjoint blocks (..., 2q, 2p) of M (..., 2p, 2q)."""
        p, q = M.shape[-2] // 2, M.shape[-1] // 2
        adjoint = np.empty((*M.shape[:-2], 2 * q, 2 * p), M.dtype)
        adjoint[..., :q, :p] = np.swapaxes(M[..., p:, q:], -1, -2)
        adjoint[..., q:, p:] = np.swapaxes(M[..., :p, :q], -1, -2)
        # not np.negative: NumPy 2.4 reads a wrong stride where input and output are both strided by 16
        # (float32) or 64 (float64) bytes, as here with one pair of columns
        np.multiply(np.swapaxes(M[..., :p, q:], -1, -2), -1, out=adjoint[..., :q, p:])
        np.multiply(np.swapaxes(M[..., p:, :q], -1, -2), -1, out=adjoint[..., q:, :p])
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

    @property
    def is_isometric(self) -> bool:
        """False: Sp(2N) is not compact."""
        return False


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
    >>> from manifold_opt.arrays.adjoints import symplectic_form
    >>> J = symplectic_form(6)
    >>> np.array_equal(J @ J, -np.eye(6))
    True
    """
    half = SymplecticAdjoint().check_size("size", size) // 2
    J = np.zeros((size, size), dtype)
    J[:half, half:] = np.eye(half)
    J[half:, :half] = -np.eye(half)
    return J
