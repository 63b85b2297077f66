"""What every group offers, and what the groups of matrices share."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_array, check_integer, check_trailing_shape
from manifold_opt.arrays.matrix_functions import exponential
from manifold_opt.groups.adjoint import Adjoint

__all__ = ["LieGroup", "MatrixGroup"]


class LieGroup(ABC):
    """A Lie group that acts on the spaces from the left.

    Paper: v4, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import OrthogonalGroup
    >>> group = OrthogonalGroup(3)
    >>> M = group.random(np.random.default_rng(0))
    >>> np.allclose(group.inverse(M) @ M, group.identity())
    True
    """

    @abstractmethod
    def identity(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The neutral element."""

    @abstractmethod
    def inverse(self, M: Array) -> Array:
        """The inverse elements."""

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

    Attributes
    ----------
    N : int
        Number of rows (for Sp(2N) the even number written N2).
    adjoint : Adjoint
        Callable, :math:`M \mapsto M^*` for blocks of any size that the adjoint takes.
    """

    adjoint: Adjoint

    def __init__(self, N: int) -> None:
        name = self.adjoint.names[0]
        self.N = self.adjoint.check_size(name, check_integer(name, N, 1))

    @final
    def identity(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The identity matrix (N, N)."""
        return np.eye(self.N, dtype=dtype)

    @final
    def inverse(self, M: Array) -> Array:
        r"""The inverse :math:`M^{-1} = M^*` of group elements (..., N, N)."""
        return self.adjoint(self._check(M, "M"))

    @final
    def defect(self, M: Array) -> Array:
        r"""The Frobenius norm of :math:`M^*M - I`, of shape (...)."""
        M = self._check(M, "M")
        return np.asarray(np.linalg.norm(self.adjoint(M) @ M - self.identity(M.dtype), axis=(-2, -1)))

    @final
    def project_algebra(self, X: Array) -> Array:
        r"""The Frobenius-orthogonal projection :math:`\frac12(X - X^*)` onto the Lie algebra."""
        X = self._check(X, "X")
        return np.asarray(0.5 * (X - self.adjoint(X)))

    @final
    def algebra_defect(self, X: Array) -> Array:
        r"""The Frobenius norm of :math:`X + X^*`, of shape (...)."""
        X = self._check(X, "X")
        return np.asarray(np.linalg.norm(X + self.adjoint(X), axis=(-2, -1)))

    @final
    def exp(self, X: Array) -> Array:
        r"""The exponential :math:`e^X = I + X\varphi_1(X)` of algebra elements (..., N, N), correct for every norm.

        Raises
        ------
        OverflowError
            If entries of the result exceed the range of the dtype (possible on Sp(2N), which is not compact).
        """
        X = self._check(X, "X")
        result = exponential(X)
        if not np.isfinite(result).all():
            raise OverflowError(f"the exponential overflows {X.dtype}: take a smaller X")
        return result

    @final
    def cayley(self, X: Array) -> Array:
        r"""The Cayley transform :math:`(I - \frac12 X)^{-1}(I + \frac12 X)` of algebra elements (..., N, N).

        Raises
        ------
        numpy.linalg.LinAlgError
            If 2 is an eigenvalue of X (possible on Sp(2N)).
        """
        X = self._check(X, "X")
        identity = self.identity(X.dtype)
        return np.asarray(np.linalg.solve(identity - 0.5 * X, identity + 0.5 * X))

    def _check(self, M: Array, name: str) -> Array:
        return check_trailing_shape(name, check_array(name, M), (self.N, self.N))

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.N})"

    @final
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.N == other.N

    @final
    def __hash__(self) -> int:
        return hash((type(self), self.N))
