"""Elements of the global tangent space, stored as their blocks (A, B)."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import inner, squared

if TYPE_CHECKING:
    from manifold_opt.groups.adjoint import Adjoint
    from manifold_opt.tangent.global_tangent_space import GlobalTangentSpace

__all__ = ["HorizontalElement"]


@final
class HorizontalElement:
    r"""An element :math:`\bar B = [[A, -B^*], [B, 0]]` of the global tangent space :math:`\mathfrak g^{hor}`.

    The blocks are in frame and complement coordinates; the dense (N, N) matrix is never stored. The Grassmann kinds
    have A = 0. A vector space has :math:`\mathfrak g^{hor} = R^m`: then B is the vector itself (of any shape), and A
    has no entries. Elements are immutable by convention: every operation returns a new one, in the dtype of the
    blocks (a number never changes it).

    Paper: v4, section 2, "global tangent space representation"; the elementwise operations: section 4.

    Parameters
    ----------
    A : numpy.ndarray
        Frame block (..., n, n) with :math:`A^* = -A`; (..., 0, 0) for a vector space.
    B : numpy.ndarray
        Complement block (..., N - n, n); (..., \*shape) for a vector space.
    space : GlobalTangentSpace
        The space in which the element lies.

    Examples
    --------
    The first two columns of a skew-symmetric 4 x 4 matrix:

    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> A, B = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[2.0, 3.0], [4.0, 5.0]])
    >>> X = HorizontalElement(A, B, Stiefel(4, 2).tangent_space)
    >>> X.to_dense()
    array([[ 0., -1., -2., -4.],
           [ 1.,  0., -3., -5.],
           [ 2.,  3.,  0.,  0.],
           [ 4.,  5.,  0.,  0.]])
    >>> np.allclose(X.inner(X), 0.5 * np.sum(X.to_dense() ** 2))
    True
    """

    __slots__ = ("A", "B", "space")
    # a product of an array with an element is refused: it would be an array of elements
    __array_ufunc__ = None

    def __init__(self, A: Array, B: Array, space: GlobalTangentSpace) -> None:
        self.A, self.B, self.space = A, B, space

    @property
    def adjoint(self) -> Adjoint:
        """The adjoint of the group (matrix spaces)."""
        return self.space.adjoint

    @property
    def batch(self) -> tuple[int, ...]:
        """Shape of the stack."""
        return self.A.shape[:-2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the entries."""
        return self.B.dtype

    def map(self, function: Callable[..., Array], *others: HorizontalElement) -> HorizontalElement:
        """Apply a function to the blocks A and B (of this element and of others)."""
        return HorizontalElement(function(self.A, *[X.A for X in others]), function(self.B, *[X.B for X in others]),
                                 self.space)

    def __add__(self, other: HorizontalElement) -> HorizontalElement:
        return HorizontalElement(self.A + other.A, self.B + other.B, self.space)

    def __sub__(self, other: HorizontalElement) -> HorizontalElement:
        return HorizontalElement(self.A - other.A, self.B - other.B, self.space)

    def __mul__(self, scalar: float) -> HorizontalElement:
        # a Python float keeps float32 blocks float32, a NumPy float64 scalar would not
        scalar = float(scalar)
        return HorizontalElement(self.A * scalar, self.B * scalar, self.space)

    __rmul__ = __mul__

    def __truediv__(self, other: HorizontalElement | float) -> HorizontalElement:
        """Divide entry by entry by another element, or by a number."""
        if isinstance(other, HorizontalElement):
            return HorizontalElement(self.A / other.A, self.B / other.B, self.space)
        scalar = float(other)
        return self.map(lambda block: block / scalar)

    def __pow__(self, exponent: int) -> HorizontalElement:
        """Power of every entry; of magnitudes, which have no sign to keep (Adam's second moment)."""
        return self.map(lambda block: block**exponent)

    def __neg__(self) -> HorizontalElement:
        return self.map(np.negative)

    def scale(self, numbers: Array) -> HorizontalElement:
        """Multiply each member of the stack by a number of its own, of shape (...)."""
        numbers = np.asarray(numbers, self.dtype)
        return self.map(lambda block: block * numbers.reshape(numbers.shape + (1,) * (block.ndim - len(self.batch))))

    def square(self) -> HorizontalElement:
        """Entries squared; as blocks of magnitudes, which have no sign to keep (Adam's second moment)."""
        return HorizontalElement(squared(self.A), squared(self.B), self.space)

    def sqrt(self) -> HorizontalElement:
        """Square root of every entry."""
        return HorizontalElement(np.sqrt(self.A), np.sqrt(self.B), self.space)

    def shift(self, delta: float) -> HorizontalElement:
        """Add a number to every entry (Adam's delta)."""
        delta = float(delta)
        return HorizontalElement(self.A + delta, self.B + delta, self.space)

    def divide(self, other: HorizontalElement) -> HorizontalElement:
        """Divide entry by entry."""
        return self.map(np.divide, other)

    def inner(self, other: HorizontalElement) -> Array:
        r"""Inner product :math:`\frac12 \mathrm{Tr}(X^T Y)` of the dense forms, one number for each member.

        It is :math:`\frac12\langle A_1, A_2\rangle + \langle B_1, B_2\rangle`, for every adjoint; on a vector space the
        sum of the products of entries.
        """
        axes = range(len(self.batch), self.B.ndim)
        return np.asarray(0.5 * inner(self.A, other.A, (-2, -1)) + inner(self.B, other.B, tuple(axes)))

    def norm(self) -> Array:
        """Square root of the inner product with itself; the Frobenius norm of the dense form is sqrt(2) times it.

        It neither overflows nor underflows where the norm itself does not.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            squared = self.inner(self)
        limits = np.finfo(self.dtype)
        safe = (squared >= limits.tiny / limits.eps) & (squared < np.inf)
        return np.asarray(np.sqrt(squared) if safe.all() else np.where(safe, np.sqrt(squared), self._scaled_norm()))

    def _scaled_norm(self) -> Array:
        """The norm by way of the entries relative to the largest one, for very long and very short elements."""
        batch = len(self.batch)
        largest = np.maximum(*(np.max(np.abs(block), axis=tuple(range(batch, block.ndim)), initial=0.0)
                               for block in (self.A, self.B)))
        scale = np.where((largest > 0) & (largest < np.inf), largest, 1).astype(np.finfo(self.dtype).dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            relative = self.map(lambda block: block / scale.reshape(scale.shape + (1,) * (block.ndim - batch)))
            return np.asarray(scale * np.sqrt(relative.inner(relative)))

    def to_dense(self) -> Array:
        """The dense matrix (..., N, N) with rows and columns placed as in E; the vector itself on a vector space."""
        return self.space.to_dense(self)

    def __repr__(self) -> str:
        return f"HorizontalElement(A{self.A.shape}, B{self.B.shape}, {self.space!r}, {self.B.dtype})"
