"""What every group offers, and what the groups of matrices share."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import (Array, Field, check_array, check_constraint, check_finite, check_integer,
                                        check_trailing_shape, dtype_of_field, tolerance)
from manifold_opt.groups.adjoint import Adjoint

__all__ = ["LieGroup", "MatrixGroup"]


class LieGroup(ABC):
    """A Lie group that acts on the spaces from the left.

    Elements are arrays with a stack in front; operations broadcast over stacks and never return an array of the caller.
    Paper: v4, section 2.

    Attributes
    ----------
    field : {"real", "complex"}
        The numbers that elements are made of.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import OrthogonalGroup
    >>> group, rng = OrthogonalGroup(3), np.random.default_rng(0)
    >>> M, K = group.random(rng, (2,))
    >>> np.allclose(group.product(group.inverse(M), M), group.identity())
    True
    >>> Y = rng.normal(size=(3, 5))
    >>> np.allclose(group.act(group.product(M, K), Y), group.act(M, group.act(K, Y)))
    True
    """

    field: Field = "real"

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Dimension of the group and of its Lie algebra."""

    @abstractmethod
    def identity(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The neutral element."""

    @abstractmethod
    def product(self, M: Array, K: Array) -> Array:
        """The products MK of elements."""

    @abstractmethod
    def inverse(self, M: Array) -> Array:
        """The inverse elements."""

    @abstractmethod
    def act(self, M: Array, Y: Array) -> Array:
        """The action of elements M on points Y."""

    @abstractmethod
    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.float64) -> Array:
        """Random elements, a stack of shape `batch`."""

    @abstractmethod
    def defect(self, M: Array) -> Array:
        """Departure from the group, one number for each member of the stack."""

    @abstractmethod
    def project_algebra(self, X: Array) -> Array:
        """The element of the Lie algebra nearest to X in the Frobenius norm."""

    @abstractmethod
    def algebra_defect(self, X: Array) -> Array:
        """Departure from the Lie algebra, one number for each member of the stack."""

    @abstractmethod
    def exp(self, X: Array) -> Array:
        """The exponential of elements of the Lie algebra."""

    @abstractmethod
    def cayley(self, X: Array) -> Array:
        """The Cayley transform of elements of the Lie algebra."""


class MatrixGroup(LieGroup):
    r"""The group :math:`\{M \in R^{N \times N} : M^*M = I\}` of one adjoint, with algebra :math:`\{X : X^* = -X\}`.

    A group of your own names its adjoint and draws random elements.

    Attributes
    ----------
    N : int
        Number of rows (for Sp(N2) the even number written N2).
    adjoint : Adjoint
        Callable, :math:`M \mapsto M^*` for blocks of any size that the adjoint takes.

    Examples
    --------
    >>> from manifold_opt.groups import OrthogonalGroup, SymplecticGroup
    >>> OrthogonalGroup(4).dimension, SymplecticGroup(4).dimension
    (6, 10)
    """

    adjoint: Adjoint

    def __init__(self, N: int) -> None:
        name, self.field = self.adjoint.names[0], self.adjoint.field
        self.N = self.adjoint.check_size(name, check_integer(name, N, 1))

    @property
    def dimension(self) -> int:
        """Number of independent entries of the algebra."""
        return self.adjoint.dimension(self.N)

    @final
    def identity(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The identity matrix (N, N)."""
        return np.eye(self.N, dtype=dtype_of_field(dtype, self.field))

    @final
    def product(self, M: Array, K: Array) -> Array:
        """The matrix products MK of elements (..., N, N)."""
        return np.asarray(self._check("M", M) @ self._check("K", K))

    @final
    def inverse(self, M: Array) -> Array:
        r"""The inverse :math:`M^{-1} = M^*` of group elements (..., N, N)."""
        return self.adjoint(self._check("M", M)).copy()

    @final
    def act(self, M: Array, Y: Array) -> Array:
        """The products MY of elements (..., N, N) with arrays of N rows (..., N, m)."""
        Y = check_array("Y", Y, self.field)
        if Y.ndim < 2 or Y.shape[-2] != self.N:
            raise ValueError(f"Y must have shape (..., {self.N}, m): got {Y.shape}")
        return np.asarray(self._check("M", M) @ Y)

    @final
    def defect(self, M: Array) -> Array:
        r"""The Frobenius norm of :math:`M^*M - I`, of shape (...)."""
        M = self._check("M", M)
        return np.asarray(np.linalg.norm(self.adjoint(M) @ M - self.identity(M.dtype), axis=(-2, -1)))

    @final
    def project_algebra(self, X: Array) -> Array:
        r"""The Frobenius-orthogonal projection :math:`\frac12(X - X^*)` onto the Lie algebra."""
        X = self._check("X", X)
        return np.asarray(0.5 * (X - self.adjoint(X)))

    @final
    def algebra_defect(self, X: Array) -> Array:
        r"""The Frobenius norm of :math:`X + X^*`, of shape (...)."""
        X = self._check("X", X)
        return np.asarray(np.linalg.norm(X + self.adjoint(X), axis=(-2, -1)))

    @final
    def exp(self, X: Array) -> Array:
        r"""The exponential :math:`e^X = I + X\varphi_1(X)` of algebra elements (..., N, N), correct for every norm.

        Raises
        ------
        ValueError
            If X is not in the algebra or not finite.
        OverflowError
            If entries of the result exceed the range of the dtype (possible on Sp(N2), which is not compact).
        """
        result = self.adjoint.exponential(self._check_algebra(X))
        if not np.isfinite(result).all():
            raise OverflowError(f"the exponential overflows {X.dtype}: take a smaller X")
        return result

    @final
    def cayley(self, X: Array) -> Array:
        r"""The Cayley transform :math:`(I - \frac12 X)^{-1}(I + \frac12 X)` of algebra elements (..., N, N).

        Raises
        ------
        ValueError
            If X is not in the algebra or not finite; :class:`~manifold_opt.sections.RetractionError` with the condition
            number where 2 is an eigenvalue of X to working precision (possible on Sp(N2)).
        """
        return self.adjoint.cayley(self._check_algebra(X))

    def _check(self, name: str, M: Array) -> Array:
        return check_trailing_shape(name, check_array(name, M, self.field), (self.N, self.N))

    def _check_algebra(self, X: Array) -> Array:
        """Return X if it is in the Lie algebra up to rounding."""
        check_finite("X", self._check("X", X))
        largest = float(np.max(np.abs(X), initial=0.0))
        scale = max(1.0, largest)
        # relative to the largest entry, so that squares of long elements do not overflow
        check_constraint("X", "X* = -X", scale * self.algebra_defect(X / scale),
                         tolerance(100.0 * scale, X.dtype, self.N**3))
        return X

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.N})"

    @final
    def __eq__(self, other: object) -> bool:
        return (type(self) is type(other) and isinstance(other, MatrixGroup)
                and (self.adjoint, self.N) == (other.adjoint, other.N))

    @final
    def __hash__(self) -> int:
        return hash((type(self), self.N))
