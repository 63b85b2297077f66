"""Elements of the global tangent space, stored as their blocks (A, B)."""
from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np

from manifold_opt.arrays.adjoints import Adjoint
from manifold_opt.arrays.checks import Array

__all__ = ["HorizontalElement"]


@final
class HorizontalElement:
    r"""An element :math:`\bar B = [[A, -B^*], [B, 0]]` of the global tangent space :math:`\mathfrak g^{hor}`.

    The blocks are in frame and complement coordinates; the dense (N, N) matrix is never stored. The Grassmann kinds
    have A = 0. A vector space has :math:`\mathfrak g^{hor} = R^m`: then B is the vector itself (of any shape), A has
    no entries and there is no adjoint. Elements are immutable by convention: every operation returns a new one.

    Paper: v4, section 2, "global tangent space representation"; the elementwise operations: section 4.

    Parameters
    ----------
    A : numpy.ndarray
        Frame block (..., n, n) with :math:`A^* = -A`; (..., 0, 0) for a vector space.
    B : numpy.ndarray
        Complement block (..., N - n, n); (..., \*shape) for a vector space.
    adjoint : Adjoint or None
        The adjoint of the group; None for a vector space.

    Examples
    --------
    The first two columns of a skew-symmetric 4 x 4 matrix:

    >>> import numpy as np
    >>> from manifold_opt.arrays.adjoints import TransposeAdjoint
    >>> A, B = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[2.0, 3.0], [4.0, 5.0]])
    >>> X = HorizontalElement(A, B, TransposeAdjoint())
    >>> X.to_dense()
    array([[ 0., -1., -2., -4.],
           [ 1.,  0., -3., -5.],
           [ 2.,  3.,  0.,  0.],
           [ 4.,  5.,  0.,  0.]])
    >>> np.allclose(X.inner(X), 0.5 * np.sum(X.to_dense() ** 2))
    True
    """

    __slots__ = ("A", "B", "adjoint")

    def __init__(self, A: Array, B: Array, adjoint: Adjoint | None) -> None:
        self.A, self.B, self.adjoint = A, B, adjoint

    @property
    def batch(self) -> tuple[int, ...]:
        """Shape of the stack."""
        return self.A.shape[:-2]

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the entries."""
        return self.B.dtype

    def map(self, function: Callable[..., Array], *others: HorizontalElement) -> HorizontalElement:
        """Apply a function to the blocks A and B (of this element and of others)."""
        return HorizontalElement(function(self.A, *(X.A for X in others)), function(self.B, *(X.B for X in others)),
                                 self.adjoint)

    def __add__(self, other: HorizontalElement) -> HorizontalElement:
        return self.map(np.add, other)

    def __sub__(self, other: HorizontalElement) -> HorizontalElement:
        return self.map(np.subtract, other)

    def __mul__(self, scalar: float) -> HorizontalElement:
        # a Python float keeps float32 blocks float32, a NumPy float64 scalar would not
        return HorizontalElement(self.A * float(scalar), self.B * float(scalar), self.adjoint)

    __rmul__ = __mul__

    def __neg__(self) -> HorizontalElement:
        return self.map(np.negative)

    def square(self) -> HorizontalElement:
        """Entries squared; as blocks of magnitudes, which have no sign to keep (Adam's second moment)."""
        return self.map(np.square)

    def sqrt(self) -> HorizontalElement:
        """Square root of every entry."""
        return self.map(np.sqrt)

    def shift(self, delta: float) -> HorizontalElement:
        """Add a number to every entry (Adam's delta)."""
        return HorizontalElement(self.A + float(delta), self.B + float(delta), self.adjoint)

    def divide(self, other: HorizontalElement) -> HorizontalElement:
        """Divide entry by entry."""
        return self.map(np.divide, other)

    def inner(self, other: HorizontalElement) -> Array:
        r"""Inner product :math:`\frac12 \mathrm{Tr}(X^T Y)` of the dense forms, one number for each member of the
        stack.

        It is :math:`\frac12\langle A_1, A_2\rangle + \langle B_1, B_2\rangle`, for both adjoints; on a vector space the
        sum of the products of entries.
        """
        axes = range(len(self.batch), self.B.ndim)
        return np.asarray(0.5 * np.sum(self.A * other.A, axis=(-2, -1)) + np.sum(self.B * other.B, axis=tuple(axes)))

    def norm(self) -> Array:
        """Square root of the inner product with itself; the Frobenius norm of the dense form is sqrt(2) times it."""
        return np.asarray(np.sqrt(self.inner(self)))

    def to_dense(self) -> Array:
        """The dense matrix (..., N, N) with rows and columns placed as in E; the vector itself on a vector space."""
        if self.adjoint is None:
            return self.B.copy()
        n, N = self.A.shape[-1], self.A.shape[-1] + self.B.shape[-2]
        frame, complement = self.adjoint.frame(N, n), self.adjoint.complement(N, n)
        dense = np.zeros((*self.batch, N, N), self.B.dtype)
        dense[..., frame[:, None], frame] = self.A
        dense[..., complement[:, None], frame] = self.B
        dense[..., frame[:, None], complement] = -self.adjoint(self.B)
        return dense

    def __repr__(self) -> str:
        return f"HorizontalElement(A{self.A.shape}, B{self.B.shape}, {self.adjoint!r}, {self.B.dtype})"
