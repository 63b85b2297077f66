"""Global sections: group elements Lambda with Lambda E = Y, through which tangent vectors become global."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np

from manifold_opt.arrays.adjoints import Adjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.horizontal import HorizontalElement
from manifold_opt.arrays.matrix_functions import newton_schulz
from manifold_opt.sections.completion import complete
from manifold_opt.sections.retraction_base import Retraction, adjoint_block
from manifold_opt.sections.retractions import get_retraction

__all__ = ["GlobalSection", "TransportedSection", "TranslationSection"]


CACHED_ENTRIES = 2**17
"""Numbers that a processor core keeps at hand, one megabyte of float64."""


class GlobalSection(ABC):
    r"""A group element :math:`\Lambda = \lambda(Y)` over a point: :math:`\Lambda E = Y`.

    It maps tangent vectors at Y to the global tangent space and back, and carries the point along. Sections are
    immutable by convention: :meth:`move` and :meth:`restore` return new ones.

    Paper: v4, section 2 (global sections) and section 4.

    Attributes
    ----------
    point : numpy.ndarray
        The point Y.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> np.array_equal(section.to_dense() @ space.canonical_point(), section.point)
    True
    >>> Delta = space.random_tangent(rng, section.point)
    >>> np.allclose(section.push(section.lift(Delta)), Delta)
    True
    """

    point: Array

    @abstractmethod
    def to_dense(self) -> Array:
        """The group element as a matrix (..., N, N), columns placed as in E."""

    @abstractmethod
    def lift(self, Delta: Array) -> HorizontalElement:
        r"""The unique :math:`\bar B` in :math:`\mathfrak g^{hor}` with :math:`\Lambda\bar BE = \Delta`, for tangent
        Delta.
        """

    @abstractmethod
    def lift_gradient(self, dL: Array) -> HorizontalElement:
        """The lift of the Riemannian gradient, straight from the Euclidean gradient dL."""

    @abstractmethod
    def push(self, X: HorizontalElement) -> Array:
        r"""The tangent vector :math:`\Lambda\bar BE` at Y, the inverse of :meth:`lift`."""

    @abstractmethod
    def act(self, Y: Array) -> Array:
        r"""The action :math:`\Lambda Y` of the group element on arrays with N rows."""

    @abstractmethod
    def move(self, W: HorizontalElement, retraction: str | Retraction) -> GlobalSection:
        """The section over the retracted point."""

    def move_in_place(self, W: HorizontalElement, retraction: str | Retraction) -> GlobalSection:
        """The same as :meth:`move`; arrays of this section except its point may be overwritten, which uses it up."""
        return self.move(W, retraction)

    @abstractmethod
    def restore(self) -> GlobalSection:
        """The section after one Newton-Schulz step, which squares the accumulated rounding defect."""

    @abstractmethod
    def to_arrays(self) -> dict[str, Array]:
        """The arrays that determine the section, to be stored."""


def frame_block(Y: Array, Delta: Array, adjoint: Adjoint, *, grassmann: bool) -> Array:
    r"""The block :math:`A = Y^*\Delta` of a lift, in the algebra exactly; zero on the Grassmann kinds.

    The rounding error of the product leaves the algebra, by as much as Delta is long; a retraction would carry it over
    to the point.

    Parameters
    ----------
    Y, Delta : numpy.ndarray
        Points and tangent vectors (..., N, n).
    adjoint : Adjoint
        The adjoint of the group.
    grassmann : bool
        Whether the space is a Grassmannian.

    Returns
    -------
    numpy.ndarray
        Blocks (..., n, n) with A* = -A.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import TransposeAdjoint
    >>> from manifold_opt.sections.global_section import frame_block
    >>> frame_block(np.eye(3, 2), np.array([[0.0, -2.0], [2.0, 0.0], [1.0, 1.0]]), TransposeAdjoint(), grassmann=False)
    array([[ 0., -2.],
           [ 2.,  0.]])
    """
    A = adjoint(Y) @ Delta
    return np.zeros_like(A) if grassmann else np.asarray(0.5 * (A - adjoint(A)))


@final
class TransportedSection(GlobalSection):
    r"""The section :math:`\Lambda = [Y, Y_\perp]` that is carried along,
    :math:`\Lambda \leftarrow \Lambda\,\mathcal R(W)`.

    This is the paper's algorithm: moments stay in place because the section is transported. It stores N x N numbers.
    Paper: v4, section 4.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., N, n).
    Y_perp : numpy.ndarray
        Completions (..., N, N - n).
    adjoint : Adjoint
        The adjoint of the group.
    grassmann : bool
        Whether the space is a Grassmannian, whose global tangent space has A = 0.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> section = Stiefel(6, 2).global_section(np.eye(6, 2))
    >>> zero = section.lift(np.zeros((6, 2)))
    >>> np.array_equal(section.move(zero, "geodesic").to_dense(), section.to_dense())
    True
    """

    def __init__(self, Y: Array, Y_perp: Array, adjoint: Adjoint, *, grassmann: bool = False) -> None:
        self.point, self.Y_perp, self.adjoint, self.grassmann = Y, Y_perp, adjoint, grassmann

    @classmethod
    def from_point(cls, Y: Array, adjoint: Adjoint, *, grassmann: bool = False) -> TransportedSection:
        """The library's own deterministic section, see :mod:`manifold_opt.sections.completion`."""
        return cls(Y, complete(Y, adjoint), adjoint, grassmann=grassmann)

    @classmethod
    def from_dense(cls, Lambda: Array, n: int, adjoint: Adjoint, *, grassmann: bool = False) -> TransportedSection:
        """The section with a given group element (..., N, N)."""
        N = Lambda.shape[-1]
        # picked columns come in another order in memory, with which products round differently
        Y, Y_perp = (np.ascontiguousarray(Lambda[..., columns])
                     for columns in (adjoint.frame(N, n), adjoint.complement(N, n)))
        return cls(Y, Y_perp, adjoint, grassmann=grassmann)

    def to_dense(self) -> Array:
        """The group element (..., N, N)."""
        N, n = self.point.shape[-2:]
        Lambda = np.empty((*self.point.shape[:-1], N), self.point.dtype)
        Lambda[..., self.adjoint.frame(N, n)] = self.point
        Lambda[..., self.adjoint.complement(N, n)] = self.Y_perp
        return Lambda

    def lift(self, Delta: Array) -> HorizontalElement:
        r""":math:`A = Y^*\Delta` (zero on the Grassmann kinds) and :math:`B = Y_\perp^*\Delta`."""
        A = frame_block(self.point, Delta, self.adjoint, grassmann=self.grassmann)
        return HorizontalElement(A, self.adjoint(self.Y_perp) @ Delta, self.adjoint)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        r"""The lift of :math:`XY` with :math:`X = \nabla L\,Y^T - (\nabla L\,Y^T)^*`.

        On O(N), :math:`A = Y^T\nabla L - \nabla L^TY` and :math:`B = Y_\perp^T\nabla L`; in general
        :math:`A = Y^*\nabla L\,K - (Y^*\nabla L\,K)^*`, :math:`B = Y_\perp^*\nabla L\,K - (Y^TY_\perp)^*\nabla L^*Y`
        with :math:`K = Y^TY`.
        """
        Y, adjoint = self.point, self.adjoint
        a, b = adjoint(Y) @ dL, adjoint(self.Y_perp) @ dL
        if not adjoint.is_isometric:
            Yt = np.swapaxes(Y, -1, -2)
            K = Yt @ Y
            b = b @ K - adjoint(Yt @ self.Y_perp) @ adjoint(a)
            a = a @ K
        A = np.zeros_like(a) if self.grassmann else a - adjoint(a)
        return HorizontalElement(A, b, adjoint)

    def push(self, X: HorizontalElement) -> Array:
        r""":math:`\Lambda\bar BE = YA + Y_\perp B`."""
        return np.asarray(self.point @ X.A + self.Y_perp @ X.B)

    def act(self, Y: Array) -> Array:
        r"""The product :math:`\Lambda Y`, of shape (..., N, m) for Y of shape (..., N, m)."""
        N, n = self.point.shape[-2:]
        return np.asarray(self.point @ Y[..., self.adjoint.frame(N, n), :]
                          + self.Y_perp @ Y[..., self.adjoint.complement(N, n), :])

    def move(self, W: HorizontalElement, retraction: str | Retraction) -> TransportedSection:
        r"""The section :math:`\Lambda\,\mathcal R(W)`."""
        Y_new, R = get_retraction(retraction).step(self.point, self.Y_perp @ W.B, W)
        product = R @ adjoint_block(W)
        Y_perp = np.subtract(self.Y_perp, product, out=product)
        return TransportedSection(Y_new, Y_perp, self.adjoint, grassmann=self.grassmann)

    def move_in_place(self, W: HorizontalElement, retraction: str | Retraction) -> TransportedSection:
        """The same as :meth:`move`, with the new complement in the array of the old one."""
        Y_new, R = get_retraction(retraction).step(self.point, self.Y_perp @ W.B, W)
        _subtract_product(self.Y_perp, R, adjoint_block(W))
        return TransportedSection(Y_new, self.Y_perp, self.adjoint, grassmann=self.grassmann)

    def restore(self) -> TransportedSection:
        """The section of the restored group element."""
        Lambda = newton_schulz(self.to_dense(), self.adjoint)
        return TransportedSection.from_dense(Lambda, self.point.shape[-1], self.adjoint, grassmann=self.grassmann)

    def to_arrays(self) -> dict[str, Array]:
        """The arrays Y and Y_perp."""
        return {"Y": self.point, "Y_perp": self.Y_perp}


def _subtract_product(Y_perp: Array, R: Array, B_adjoint: Array) -> None:
    """Y_perp becomes Y_perp - R B*, in pieces whose products stay in the cache."""
    stacked = Y_perp.ndim > 2
    size = max(1, CACHED_ENTRIES * len(Y_perp) // max(Y_perp.size, 1))
    for start in range(0, len(Y_perp), size):
        piece = slice(start, start + size)
        Y_perp[piece] -= R[piece] @ (B_adjoint[piece] if stacked else B_adjoint)


@final
class TranslationSection(GlobalSection):
    r"""The section of a vector space: the translation by Y, through which every lift is the identity.

    Paper: v4, section 4, the special case in which the generalized Adam is the ordinary one.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., \*shape).
    ndim : int
        Number of axes of a single point; the axes before them are the stack.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean
    >>> section = Euclidean(3).global_section(np.ones(3))
    >>> section.move(section.lift(np.arange(3.0)), "cayley").point
    array([1., 2., 3.])
    """

    def __init__(self, Y: Array, ndim: int) -> None:
        self.point, self.ndim = Y, ndim

    def to_dense(self) -> Array:
        """The translation, which is the point itself."""
        return self.point

    def lift(self, Delta: Array) -> HorizontalElement:
        """Delta as element of the global tangent space."""
        return HorizontalElement(np.zeros((*Delta.shape[:Delta.ndim - self.ndim], 0, 0), Delta.dtype), Delta, None)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        """The gradient as element of the global tangent space."""
        return self.lift(dL)

    def push(self, X: HorizontalElement) -> Array:
        """The vector itself."""
        return X.B

    def act(self, Y: Array) -> Array:
        """The translated arrays."""
        return self.point + Y

    def move(self, W: HorizontalElement, retraction: str | Retraction) -> TranslationSection:
        """The section over Y + W, whatever the retraction."""
        get_retraction(retraction)
        return TranslationSection(np.asarray(self.point + W.B), self.ndim)

    def restore(self) -> TranslationSection:
        """The section itself: a vector space has no constraint."""
        return self

    def to_arrays(self) -> dict[str, Array]:
        """The array Y."""
        return {"Y": self.point}
