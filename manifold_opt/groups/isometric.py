"""What O(N) and U(N) share: their adjoint is the (conjugate) transpose, and group elements are isometries."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import transposed
from manifold_opt.arrays.fractions import fast_fraction
from manifold_opt.arrays.matrix_functions import polar
from manifold_opt.arrays.rotations import skew_cayley, skew_exponential
from manifold_opt.groups.adjoint import Adjoint

__all__ = ["IsometricAdjoint", "haar"]


class IsometricAdjoint(Adjoint):
    r"""The adjoint :math:`M^* = M^H` of a group of isometries, whose frame is the first n columns."""

    def __call__(self, M: Array) -> Array:
        """The (conjugate) transposed blocks (..., q, p) of M (..., p, q); of real ones a view."""
        return transposed(M)

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
        """True: isometries make up a compact group."""
        return True

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
        """The orthogonal (unitary) polar factor of P."""
        return polar(P)[1]

    def alignment(self, a: Array) -> Array:
        """The adjoint of the orthogonal (unitary) polar factor of a."""
        return transposed(polar(a)[1])

    def exponential(self, X: Array) -> Array:
        """The exponential of skew-symmetric (skew-Hermitian) matrices, a rotation to rounding at every norm."""
        return np.asarray((np.eye(X.shape[-1]) + skew_exponential(X)).astype(X.dtype, copy=False))

    def cayley(self, X: Array) -> Array:
        """The Cayley transform of skew-symmetric (skew-Hermitian) matrices, a rotation to rounding at every norm."""
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


def haar(Z: Array) -> Array:
    r"""The QR factor of Gaussian matrices Z with the phases of R's diagonal moved into Q, uniformly distributed.

    Without them the distribution is not uniform (F. Mezzadri, Notices of the AMS 54 (2007), 592-604).
    """
    Q, R = np.linalg.qr(Z)
    diagonal = np.diagonal(R, axis1=-2, axis2=-1)
    phases = np.where(diagonal == 0, 1, diagonal) / np.where(diagonal == 0, 1, np.abs(diagonal))
    return np.asarray(Q * phases[..., None, :])
