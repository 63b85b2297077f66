"""What every global tangent space offers, and what those of matrix groups share."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, Field, check_integer, check_sampling, dtype_of_field
from manifold_opt.arrays.fields import REALS, from_reals, to_reals
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.tangent.element import HorizontalElement

__all__ = ["GlobalTangentSpace", "MatrixTangentSpace"]


class GlobalTangentSpace(ABC):
    r"""The vector space :math:`\mathfrak g^{hor}` in which the gradients of all points of a homogeneous space meet.

    Its elements have a frame block A and a complement block B. Because it is one space for all points, moments can be
    added up in it without parallel transport, and because its elements are fixed by independent entries, operations
    that act entry by entry stay in it.

    Paper: v4, section 2, "global tangent space representation".

    Attributes
    ----------
    A_shape, B_shape : tuple of int
        Shapes of the blocks of a single element.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space = Stiefel(5, 2).tangent_space
    >>> space, space.dimension
    (ReductiveTangentSpace(TransposeAdjoint(), 5, 2), 7)
    >>> X = space.random(np.random.default_rng(0))
    >>> c = space.coordinates(X)
    >>> c.shape, bool(np.isclose(c @ c, X.inner(X))), np.array_equal(space.element(c).to_dense(), X.to_dense())
    ((7,), True, True)
    """

    A_shape: tuple[int, int]
    B_shape: tuple[int, ...]
    adjoint: Adjoint
    """The adjoint of the group; vector spaces have none."""
    field: Field = "real"
    """The numbers that elements are made of."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of independent entries, the dimension of the homogeneous space."""

    @abstractmethod
    def project_frame(self, a: Array) -> Array:
        """The frame block A nearest to a (..., n, n), a new array."""

    @abstractmethod
    def coordinates(self, X: HorizontalElement) -> Array:
        """The independent entries (..., d), such that the inner product of coordinates is that of the elements."""

    @abstractmethod
    def element(self, c: Array) -> HorizontalElement:
        """The element with the coordinates c (..., d), the inverse of :meth:`coordinates`."""

    @abstractmethod
    def horizontal_part(self, X: Array) -> HorizontalElement:
        """The element with the blocks A and B of a dense element X (..., N, N) of the Lie algebra."""

    @abstractmethod
    def bracket(self, X: HorizontalElement, W: HorizontalElement) -> HorizontalElement:
        r"""The part :math:`[X, W]_{hor}` of the commutator in this space."""

    @abstractmethod
    def to_dense(self, X: HorizontalElement) -> Array:
        """The dense form (..., N, N) of an element, rows and columns placed as in E."""

    def zero(self, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64) -> HorizontalElement:
        """The zero element, or a stack of them."""
        dtype = dtype_of_field(dtype, self.field)
        return HorizontalElement(np.zeros((*batch, *self.A_shape), dtype), np.zeros((*batch, *self.B_shape), dtype),
                                 self)

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.float64) -> HorizontalElement:
        """Elements whose coordinates are independent standard normal numbers."""
        batch, dtype = check_sampling(rng, batch, dtype, self.field)
        reals = np.zeros((), dtype).real.dtype
        return self.element(rng.standard_normal((*batch, self.dimension)).astype(reals))

    @final
    def _split(self, c: Array) -> tuple[Array, Array]:
        """The coordinates of the frame block, and the complement block."""
        split = c.shape[-1] - REALS[self.field] * int(np.prod(self.B_shape))
        return c[..., :split], from_reals(c[..., split:], self.field).reshape((*c.shape[:-1], *self.B_shape))


class MatrixTangentSpace(GlobalTangentSpace):
    r"""A space of matrices :math:`[[A, -B^*], [B, 0]]` in frame and complement blocks; a kind says which A it takes.

    A kind of your own gives :meth:`project_frame`, :meth:`frame_coordinates` and :meth:`frame_block`.

    Parameters
    ----------
    adjoint : Adjoint
        The adjoint of the group.
    N, n : int
        Numbers of rows and of frame columns, 1 <= n <= N.

    Raises
    ------
    TypeError
        If N or n is not an integer.
    ValueError
        If not 1 <= n <= N, or the adjoint does not take such blocks.

    Examples
    --------
    >>> from manifold_opt.groups import TransposeAdjoint
    >>> from manifold_opt.tangent import ReductiveTangentSpace
    >>> ReductiveTangentSpace(TransposeAdjoint(), 3, 4)
    Traceback (most recent call last):
    ...
    ValueError: n must be between 1 and N = 3: got 4
    """

    def __init__(self, adjoint: Adjoint, N: int, n: int) -> None:
        name_N, name_n = adjoint.names
        self.N = adjoint.check_size(name_N, check_integer(name_N, N, 1))
        n = check_integer(name_n, n)
        if not 1 <= n <= N:
            raise ValueError(f"{name_n} must be between 1 and {name_N} = {N}: got {n}")
        self.n, self.adjoint, self.field = adjoint.check_size(name_n, n), adjoint, adjoint.field
        self.A_shape, self.B_shape = (self.n, self.n), (self.N - self.n, self.n)

    tangent_requirement: str = "Y*Delta = A"
    """The equation that a tangent vector satisfies, for messages."""

    @abstractmethod
    def frame_coordinates(self, A: Array) -> Array:
        """Coordinates (..., k) of frame blocks, orthonormal for half the Frobenius product."""

    @abstractmethod
    def frame_block(self, c: Array) -> Array:
        """The frame blocks (..., n, n) with the coordinates c (..., k), the inverse of :meth:`frame_coordinates`."""

    def frame_defect(self, a: Array) -> Array:
        """What must vanish for a (..., n, n) to be a frame block."""
        return np.asarray(a - self.project_frame(a))

    def drop_vertical(self, Y: Array, Delta: Array) -> Array:
        r"""The tangent vectors at Y with frame blocks of this kind: :math:`\Delta` without the rest of
        :math:`Y^*\Delta`.
        """
        return np.asarray(Delta - Y @ self.frame_defect(self.adjoint(Y) @ Delta))

    def representative(self, Y: Array, Q: Array) -> Array:
        """The representative of the point of Q that a Cayley step from Y reaches with a frame block of this kind;
        NotImplementedError where it is not known.
        """
        raise NotImplementedError(f"the inverse Cayley retraction has no closed form where Y*Delta lies in {self!r}")

    @property
    def frame_dimension(self) -> int:
        """Number of coordinates of frame blocks."""
        return int(self.frame_coordinates(np.zeros(self.A_shape, dtype_of_field(float, self.field))).shape[-1])

    @property
    @final
    def dimension(self) -> int:
        """Number of coordinates of A and B."""
        return self.frame_dimension + REALS[self.field] * (self.N - self.n) * self.n

    @final
    def coordinates(self, X: HorizontalElement) -> Array:
        """The coordinates of A, then all entries of B (of complex ones both parts)."""
        B = to_reals(X.B.reshape(*X.batch, (self.N - self.n) * self.n))
        return np.concatenate([self.frame_coordinates(X.A), B], axis=-1)

    @final
    def element(self, c: Array) -> HorizontalElement:
        """The element with the coordinates c (..., d)."""
        frame, B = self._split(c)
        return HorizontalElement(self.frame_block(frame), B, self)

    @final
    def horizontal_part(self, X: Array) -> HorizontalElement:
        """The element with the blocks A and B of a dense element X (..., N, N) of the Lie algebra."""
        frame, complement = self.adjoint.frame(self.N, self.n), self.adjoint.complement(self.N, self.n)
        return HorizontalElement(self.project_frame(X[..., frame[:, None], frame]),
                                 X[..., complement[:, None], frame], self)

    @final
    def bracket(self, X: HorizontalElement, W: HorizontalElement) -> HorizontalElement:
        r"""The part :math:`[X, W]_{hor}` of the commutator: the blocks :math:`[A_X, A_W] - B_X^*B_W + B_W^*B_X` (as far
        as it is a frame block of this kind) and :math:`B_XA_W - B_WA_X`.
        """
        star = self.adjoint
        a = X.A @ W.A - W.A @ X.A - star(X.B) @ W.B + star(W.B) @ X.B
        return HorizontalElement(self.project_frame(a), X.B @ W.A - W.B @ X.A, self)

    @final
    def to_dense(self, X: HorizontalElement) -> Array:
        """The matrix (..., N, N)."""
        frame, complement = self.adjoint.frame(self.N, self.n), self.adjoint.complement(self.N, self.n)
        dense = np.zeros((*X.batch, self.N, self.N), X.dtype)
        dense[..., frame[:, None], frame] = X.A
        dense[..., complement[:, None], frame] = X.B
        dense[..., frame[:, None], complement] = -self.adjoint(X.B)
        return dense

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MatrixTangentSpace) or type(self) is not type(other):
            return False
        # kinds with parameters, such as the sizes of a flag, project one block without symmetries differently
        a = np.arange(float(self.n * self.n)).reshape(self.n, self.n) ** 2
        return (self.adjoint, self.N, self.n) == (other.adjoint, other.N, other.n) and np.array_equal(
            self.project_frame(a), other.project_frame(a))

    def __hash__(self) -> int:
        return hash((type(self), self.adjoint, self.N, self.n))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.adjoint!r}, {self.N}, {self.n})"
