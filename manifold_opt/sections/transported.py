"""The section that is carried along as a group element, the paper's algorithm."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import transposed
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.sections.group_step import GroupStep
from manifold_opt.sections.restoration import restored
from manifold_opt.sections.retraction import Retraction, check_moved
from manifold_opt.sections.retractions import get_retraction
from manifold_opt.sections.section import GlobalSection
from manifold_opt.tangent import HorizontalElement, MatrixTangentSpace

__all__ = ["TransportedSection"]

CACHED_ENTRIES = 2**17
"""Entries of an array that fits into the cache of a processor core: one megabyte of float64."""


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
    tangent_space : MatrixTangentSpace
        Where lifts lie.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> section = Stiefel(6, 2).global_section(np.eye(6, 2))
    >>> zero = section.lift(np.zeros((6, 2)))
    >>> np.array_equal(section.move(zero, "geodesic").to_dense(), section.to_dense())
    True
    """

    tangent_space: MatrixTangentSpace

    def __init__(self, Y: Array, Y_perp: Array, tangent_space: MatrixTangentSpace) -> None:
        self.point, self.Y_perp, self.tangent_space = Y, Y_perp, tangent_space

    @classmethod
    def from_point(cls, Y: Array, tangent_space: MatrixTangentSpace) -> TransportedSection:
        """The library's own deterministic section, see :meth:`manifold_opt.groups.Adjoint.complete`."""
        return cls(Y, tangent_space.adjoint.complete(Y), tangent_space)

    @classmethod
    def from_dense(cls, Lambda: Array, tangent_space: MatrixTangentSpace) -> TransportedSection:
        """The section with a given group element (..., N, N)."""
        adjoint, N, n = tangent_space.adjoint, tangent_space.N, tangent_space.n
        # picked columns come in another order in memory, with which products round differently
        Y, Y_perp = (np.ascontiguousarray(Lambda[..., columns])
                     for columns in (adjoint.frame(N, n), adjoint.complement(N, n)))
        return cls(Y, Y_perp, tangent_space)

    @property
    def adjoint(self) -> Adjoint:
        """The adjoint of the group."""
        return self.tangent_space.adjoint

    def to_dense(self) -> Array:
        """The group element (..., N, N)."""
        N, n = self.point.shape[-2:]
        Lambda = np.empty((*self.point.shape[:-1], N), self.point.dtype)
        Lambda[..., self.adjoint.frame(N, n)] = self.point
        Lambda[..., self.adjoint.complement(N, n)] = self.Y_perp
        return Lambda

    def lift(self, Delta: Array) -> HorizontalElement:
        r""":math:`A = Y^*\Delta` (projected, which rounding asks for: a retraction would carry over to the point what
        leaves the global tangent space) and :math:`B = Y_\perp^*\Delta`.
        """
        A = self.tangent_space.project_frame(self.adjoint(self.point) @ Delta)
        return HorizontalElement(A, self.adjoint(self.Y_perp) @ Delta, self.tangent_space)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        r"""The lift of :math:`XY` with :math:`X = \nabla L\,Y^T - (\nabla L\,Y^T)^*`.

        On O(N), :math:`A = Y^T\nabla L - \nabla L^TY` and :math:`B = Y_\perp^T\nabla L`; in general
        :math:`A = Y^*\nabla L\,K - (Y^*\nabla L\,K)^*`, :math:`B = Y_\perp^*\nabla L\,K - (Y^TY_\perp)^*\nabla L^*Y`
        with :math:`K = Y^TY`.
        """
        Y, adjoint = self.point, self.adjoint
        a, b = adjoint(Y) @ dL, adjoint(self.Y_perp) @ dL
        if not adjoint.is_compact:
            Yt = transposed(Y)
            K = Yt @ Y
            b = b @ K - adjoint(Yt @ self.Y_perp) @ adjoint(a)
            a = a @ K
        return HorizontalElement(2 * self.tangent_space.project_frame(a), b, self.tangent_space)

    def lift_differential(self, dL: Array) -> HorizontalElement:
        r""":math:`A = Y^T\nabla L - (Y^T\nabla L)^*` and :math:`B = Y_\perp^T\nabla L`."""
        a, b = (transposed(block) @ dL for block in (self.point, self.Y_perp))
        return HorizontalElement(2 * self.tangent_space.project_frame(a), b, self.tangent_space)

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
        step = get_retraction(retraction).step(W)
        Y_new, R = self._advance(step)
        product = R @ self.adjoint.block(step.directions)
        Y_perp = np.subtract(self.Y_perp, product, out=product)
        return TransportedSection(check_moved(Y_new, self.adjoint, W), Y_perp, self.tangent_space)

    def move_in_place(self, W: HorizontalElement, retraction: str | Retraction) -> TransportedSection:
        """The same as :meth:`move`, with the new complement in the array of the old one."""
        step = get_retraction(retraction).step(W)
        Y_new, R = self._advance(step)
        check_moved(Y_new, self.adjoint, W)
        _subtract_product(self.Y_perp, R, self.adjoint.block(step.directions))
        return TransportedSection(Y_new, self.Y_perp, self.tangent_space)

    def _advance(self, step: GroupStep) -> tuple[Array, Array]:
        """The point and the factor R of the moved section, one of each for every velocity."""
        # what overflows is found in the point
        with np.errstate(over="ignore", invalid="ignore"):
            Y, V = self.point, self.Y_perp @ step.directions
            if Y.shape[:-2] != V.shape[:-2]:
                Y = np.broadcast_to(Y, (*V.shape[:-2], *Y.shape[-2:]))
            return step.advance(Y, V)

    def restore(self) -> TransportedSection:
        """The section of the restored group element; RetractionError if it is too far from the group for that."""
        Lambda = restored(self.to_dense(), self.adjoint)
        return TransportedSection.from_dense(Lambda, self.tangent_space)

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
