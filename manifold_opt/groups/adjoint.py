"""The one adjoint M* that makes a single set of formulas serve O(N), Sp(N2) and every group that preserves a form."""
from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Literal, final

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError
from manifold_opt.arrays.matrix_functions import exponential
from manifold_opt.groups.nearest import certified_nearest, polar_factor

__all__ = ["Adjoint", "checked_inverse"]

NO_POLAR = "Y*Q must have a polar decomposition for the inverse Cayley retraction"


class Adjoint(ABC):
    r"""The adjoint :math:`M \mapsto M^*` of a block with respect to the form that the group preserves.

    An adjoint is involutive and reverses products, :math:`(M^*)^* = M` and :math:`(MK)^* = K^*M^*`, and it preserves
    the Frobenius norm of a block. The group is :math:`\{M : M^*M = I\}`, its Lie algebra :math:`\{X : X^* = -X\}`. An
    adjoint also names the *frame*, the columns of the identity that make up the canonical point :math:`E` with n
    columns (the other ones are the *complement*), and it completes a point to a group element. All that the library
    does with a group of matrices is written in these terms.

    Paper: v4, section 2 (Stiefel and Grassmann), the symplectic spaces in the same words.

    Attributes
    ----------
    field : {"real", "complex"}
        The numbers that the group takes.
    names : tuple of str
        What messages call the numbers of rows and columns.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import SymplecticAdjoint
    >>> M, K = np.random.default_rng(0).normal(size=(2, 4, 4))
    >>> adjoint = SymplecticAdjoint()
    >>> np.allclose(adjoint(M @ K), adjoint(K) @ adjoint(M))
    True
    """

    field: Literal["real", "complex"] = "real"
    names: tuple[str, str] = ("N", "n")

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
    def is_compact(self) -> bool:
        """Whether the group is compact, that is M* the transpose and group elements isometries."""

    @abstractmethod
    def coordinates(self, A: Array) -> Array:
        r"""Coordinates (..., k) of algebra elements (..., n, n), orthonormal for half the Frobenius product."""

    @abstractmethod
    def from_coordinates(self, c: Array, n: int) -> Array:
        """The algebra elements (..., n, n) with the coordinates c (..., k), the inverse of :meth:`coordinates`."""

    @abstractmethod
    def complete(self, Y: Array) -> Array:
        """Columns Y_perp (..., N, N - n) with which [Y, Y_perp], placed as in E, is in the group; deterministic."""

    def block(self, B: Array) -> Array:
        """The adjoint of B, of a stack as a contiguous copy, which makes many small products faster."""
        return np.ascontiguousarray(self(B)) if B.ndim > 2 else self(B)

    def split(self, N: int, n: int) -> tuple[slice | Array, slice | Array]:
        """Frame and complement as what indexes rows fastest: slices are views, arrays of indices copy."""
        return self.frame(N, n), self.complement(N, n)

    def rotation(self, P: Array) -> Array:
        """An element O of the group of the frame that is near the frame block P (..., n, n) of a point."""
        return np.broadcast_to(np.eye(P.shape[-1], dtype=P.dtype), P.shape).copy()

    def cayley(self, X: Array) -> Array:
        r"""The Cayley transform :math:`(I - \frac12X)^{-1}(I + \frac12X)` of algebra elements (..., n, n)."""
        T = -0.5 * X
        return np.asarray(self.checked_cayley_inverse(T) @ (np.eye(X.shape[-1], dtype=X.dtype) - T))

    def exponential(self, X: Array) -> Array:
        """The exponential of algebra elements (..., n, n), in their dtype."""
        return exponential(X)

    def cayley_inverse(self, T: Array) -> Array:
        r"""The inverse :math:`(I + T)^{-1}`, infinite where there is none."""
        M = np.eye(T.shape[-1], dtype=T.dtype) + T
        try:
            return np.asarray(np.linalg.inv(M))
        except np.linalg.LinAlgError:
            return np.full_like(M, np.inf)

    def cayley_fraction(self, T: Array) -> Array:
        r"""The matrix :math:`T(I + T)^{-1}` of a Cayley step; RetractionError where I + T is singular to rounding."""
        return np.asarray(self.checked_cayley_inverse(T) @ T)

    @final
    def checked_cayley_inverse(self, T: Array) -> Array:
        """The inverse of I + T; RetractionError with the condition number where it is singular to rounding."""
        inverse = self.cayley_inverse(T)
        worst = self.cayley_condition(T, inverse)
        if not worst * np.finfo(T.dtype).eps < 1e-2:
            raise RetractionError("the Cayley transform is undefined where 2 is an eigenvalue of the velocity: "
                                  f"condition {worst:.1e}; take a smaller step")
        return inverse

    def nearest(self, M: Array) -> Array:
        r"""The blocks Y with :math:`Y^*Y = I` nearest to M in the Frobenius norm: where the group is compact the polar
        factor, ValueError if M has not full column rank; else a certified point, ValueError where there is none.
        """
        if self.is_compact:
            return polar_factor(M)
        return certified_nearest(M, self).astype(M.dtype, copy=False)

    def alignment(self, a: Array) -> Array:
        r"""The element O of the group of the frame for which aO is self-adjoint with eigenvalues in the right half
        plane; ValueError where there is none: :math:`aa^*` is singular or has an eigenvalue on the negative real axis.
        """
        eigenvalues = np.linalg.eigvals(a @ self(a))
        # distance from the negative real axis, relative to the largest eigenvalue
        distance = np.where(eigenvalues.real > 0, np.abs(eigenvalues), np.abs(eigenvalues.imag))
        scale = np.max(np.abs(eigenvalues), axis=-1, initial=0.0)
        if not np.all(np.min(distance, axis=-1, initial=np.inf) > 1e3 * np.finfo(a.dtype).eps * scale):
            raise ValueError(f"{NO_POLAR}: an eigenvalue of (Y*Q)(Y*Q)* is zero or negative to working precision")
        U = a
        for _ in range(100):
            inverse = self(checked_inverse(U, NO_POLAR))
            # scaled so that the norms of U and its inverse agree; in the end the scale is one
            ratio = np.sqrt(np.linalg.norm(inverse, axis=(-2, -1)) / np.linalg.norm(U, axis=(-2, -1)))
            ratio = np.where(np.abs(ratio - 1) < 0.1, 1.0, ratio).astype(a.dtype)[..., None, None]
            change = 0.5 * (ratio * U + inverse / ratio) - U
            U = U + change
            if np.max(np.linalg.norm(change, axis=(-2, -1)) / np.linalg.norm(U, axis=(-2, -1)), initial=0.0) < (
                    np.finfo(a.dtype).eps ** 0.75):
                return self(U)
        raise ValueError(f"{NO_POLAR}: the iteration for it does not converge")

    def component(self, M: Array) -> Array:
        """Real numbers (...) that tell the connected components of the group apart, 1 on that of the identity; all
        ones where the group is connected, which the base class takes it to be.
        """
        return np.ones(M.shape[:-2], M.real.dtype)

    @final
    def cayley_condition(self, T: Array, inverse: Array) -> float:
        """The largest condition number of I + T in a stack, in the Frobenius norm."""
        M = np.eye(T.shape[-1], dtype=T.dtype) + T
        with np.errstate(over="ignore", invalid="ignore"):
            condition = np.linalg.norm(M, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
        return float(np.max(condition, initial=0.0))

    @final
    def complement(self, N: int, n: int) -> Array:
        """Indices (N - n,) of the columns of the N x N identity that are not in E; read-only."""
        return _complement(self, N, n)

    def dimension(self, n: int) -> int:
        """Dimension of the algebra of n x n matrices."""
        return int(self.coordinates(np.zeros((n, n))).shape[-1])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@lru_cache(maxsize=256)
def _complement(adjoint: Adjoint, N: int, n: int) -> Array:
    """The indices that are not in the frame; they are asked for many times in a step."""
    rest = np.ones(N, bool)
    rest[adjoint.frame(N, n)] = False
    indices = np.flatnonzero(rest)
    indices.flags.writeable = False
    return indices


def checked_inverse(M: Array, requirement: str) -> Array:
    """The inverse of M; ValueError with the requirement and the condition number where M is singular to rounding."""
    try:
        inverse = np.linalg.inv(M)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"{requirement}: the matrix is singular") from error
    with np.errstate(over="ignore"):
        condition = np.max(np.linalg.norm(M, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1)), initial=0.0)
    if not condition * np.finfo(M.dtype).eps < 1e-2:
        raise ValueError(f"{requirement}: condition number {condition:.1e}")
    return np.asarray(inverse)
