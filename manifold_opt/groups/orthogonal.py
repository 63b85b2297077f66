"""The orthogonal group O(N): its adjoint, the transpose, and the completion by a QR decomposition."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.arrays.fractions import fast_fraction
from manifold_opt.arrays.matrix_functions import polar
from manifold_opt.arrays.rotations import skew_cayley, skew_exponential
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.groups.base import MatrixGroup

__all__ = ["OrthogonalGroup", "TransposeAdjoint", "random_orthonormal"]


@final
class TransposeAdjoint(Adjoint):
    r"""The transpose, :math:`M^* = M^T`: the adjoint of O(N), whose frame is the first n columns.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import TransposeAdjoint
    >>> adjoint = TransposeAdjoint()
    >>> adjoint(np.array([[1.0, 2.0]])).shape
    (2, 1)
    >>> adjoint.complete(np.array([[0.6], [0.8]]))
    array([[-0.8],
           [ 0.6]])
    """

    def __call__(self, M: Array) -> Array:
        """The transposed blocks (..., q, p), a view of M (..., p, q)."""
        return np.swapaxes(M, -1, -2)

    def frame(self, N: int, n: int) -> Array:
        """The first n indices."""
        return np.arange(n)

    def split(self, N: int, n: int) -> tuple[slice | Array, slice | Array]:
        """The first n rows and the rest, as slices."""
        return slice(0, n), slice(n, N)

    def check_size(self, name: str, size: int) -> int:
        """Every size of at least zero will do."""
        if size < 0:
            raise ValueError(f"{name} must not be negative: got {size}")
        return size

    @property
    def is_compact(self) -> bool:
        """True: O(N) is compact."""
        return True

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

    def complete(self, Y: Array) -> Array:
        r"""The last N - n columns of the complete QR decomposition of Y.

        Deterministic: they are columns n+1..N of the product of the n Householder reflections that LAPACK's geqrf
        applies to Y, each of which sends its column to a vector whose leading entry has the sign opposite to the
        column's. Drawing a random complement, projecting it and orthonormalizing it, which other libraries do, loses
        orthogonality where the complement happens to lie near the span of Y, and makes Adam depend on the draw.

        Paper: v4, section 2 (global sections) and appendix B, where the QR decomposition is proposed.

        Parameters
        ----------
        Y : numpy.ndarray
            Points (..., N, n) with orthonormal columns.

        Returns
        -------
        numpy.ndarray
            Orthonormal columns (..., N, N - n), orthogonal to Y.
        """
        N, n = Y.shape[-2:]
        if n == N:
            return np.zeros((*Y.shape[:-1], 0), Y.dtype)
        return np.ascontiguousarray(np.linalg.qr(Y, mode="complete")[0][..., n:])

    def rotation(self, P: Array) -> Array:
        """The orthogonal polar factor of P."""
        return polar(P)[1]

    def alignment(self, a: Array) -> Array:
        """The transpose of the orthogonal polar factor of a."""
        return np.swapaxes(polar(a)[1], -1, -2)

    def dimension(self, n: int) -> int:
        """The number n(n - 1)/2."""
        return n * (n - 1) // 2

    def exponential(self, X: Array) -> Array:
        """The exponential of skew-symmetric matrices, a rotation to rounding at every norm."""
        return np.asarray((np.eye(X.shape[-1]) + skew_exponential(X)).astype(X.dtype, copy=False))

    def cayley(self, X: Array) -> Array:
        """The Cayley transform of skew-symmetric matrices, a rotation to rounding at every norm."""
        return np.asarray((np.eye(X.shape[-1]) + skew_cayley(X)).astype(X.dtype, copy=False))

    def cayley_inverse(self, T: Array) -> Array:
        r"""The inverse :math:`(I + T)^{-1}`, right where the symmetric part of T is positive semidefinite."""
        try:
            return np.asarray(np.eye(T.shape[-1], dtype=T.dtype) - fast_fraction(T))
        except np.linalg.LinAlgError:
            return np.full_like(T, np.inf)

    def cayley_fraction(self, T: Array) -> Array:
        r"""The matrix :math:`T(I + T)^{-1}`, which exists for every velocity: the symmetric part of T is B*B/4."""
        return fast_fraction(T)


@final
class OrthogonalGroup(MatrixGroup):
    r"""The orthogonal group :math:`O(N) = \{M : M^TM = I\}`, with the skew-symmetric matrices as Lie algebra.

    Paper: v4, section 2.

    Parameters
    ----------
    N : int
        Number of rows, at least 1.

    Raises
    ------
    TypeError
        If N is not an integer.
    ValueError
        If N < 1.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import OrthogonalGroup
    >>> group = OrthogonalGroup(5)
    >>> X = group.project_algebra(np.random.default_rng(0).normal(size=(5, 5)))
    >>> bool(group.defect(group.exp(X)) < 1e-14)
    True
    """

    adjoint = TransposeAdjoint()

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.float64) -> Array:
        """Elements (*batch, N, N) from the Haar measure of O(N)."""
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_orthonormal(rng, (*batch, self.N, self.N)).astype(dtype)


def random_orthonormal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Matrices (..., N, n) with orthonormal columns, uniformly distributed (Haar), in float64.

    QR factors of Gaussian matrices, with the signs of R's diagonal moved into Q: otherwise the distribution is not
    uniform (F. Mezzadri, Notices of the AMS 54 (2007), 592-604).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups.orthogonal import random_orthonormal
    >>> Y = random_orthonormal(np.random.default_rng(0), (10000, 3, 1))
    >>> bool(abs(np.mean(Y[:, 0, 0] < 0) - 0.5) < 0.03)
    True
    """
    Q, R = np.linalg.qr(rng.standard_normal(shape))
    signs = np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.asarray(Q * signs[..., None, :])
