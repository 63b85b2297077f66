"""The implicit section: O(Nn) memory and O(Nn^2) time, never an N x N array."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.adjoints import Adjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.horizontal import HorizontalElement
from manifold_opt.arrays.matrix_functions import newton_schulz, polar
from manifold_opt.sections.global_section import GlobalSection, frame_block
from manifold_opt.sections.retractions import Retraction, get_retraction

__all__ = ["ReflectorSection"]


@final
class ReflectorSection(GlobalSection):
    r"""The section :math:`\Lambda = H\,\mathrm{diag}(O, I)` with :math:`H = I + D(Y^*EO - I)^{-1}D^*`,
    :math:`D = Y - EO`.

    H is a group element with :math:`HEO = Y`, for both adjoints, wherever :math:`Y^*EO - I` is regular; O is an
    element of
    the small group in the frame, chosen so that it is. On the O(N) spaces :math:`O = -O'` with the polar decomposition
    :math:`E^TY = SO'`: then H is the reflection :math:`I - W(I + S)^{-1}W^T` with :math:`W = YO'^T + E`, and
    :math:`I + S` has condition number at most 2. On the symplectic spaces O is minus the orthogonal symplectic polar
    factor
    of the part of :math:`E^TY` that commutes with J, which is a good choice near orthogonal symplectic points; where
    the matrix is singular all the same, an error says so and the transported section must be used.

    The section is recomputed from Y at each move. It is a different section from the transported one, and Adam, whose
    division acts entry by entry, depends on it.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., N, n).
    adjoint : Adjoint
        The adjoint of the group.
    grassmann : bool
        Whether the space is a Grassmannian, whose global tangent space has A = 0.

    Raises
    ------
    ValueError
        If the section is undefined at Y to working precision (symplectic spaces).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space = Stiefel(100000, 2)
    >>> section = space.global_section(space.random_point(np.random.default_rng(0)), kind="reflector")
    >>> np.allclose(section.act(np.eye(100000, 2)), section.point)
    True
    """

    def __init__(self, Y: Array, adjoint: Adjoint, *, grassmann: bool = False) -> None:
        self.point, self.adjoint, self.grassmann = Y, adjoint, grassmann
        N, n = Y.shape[-2:]
        self._frame = adjoint.frame(N, n)
        P = Y[..., self._frame, :]
        self._O = -_rotation(P, adjoint)
        self._D = Y.copy()
        self._D[..., self._frame, :] -= self._O
        M = adjoint(P) @ self._O - np.eye(n, dtype=Y.dtype)
        self._inverse = np.linalg.inv(M)
        if not adjoint.is_isometric:
            condition = np.linalg.norm(M, axis=(-2, -1)) * np.linalg.norm(self._inverse, axis=(-2, -1))
            if not np.max(condition, initial=0.0) < np.finfo(Y.dtype).eps ** -0.5:
                raise ValueError("the reflector section must have a regular matrix Y*EO - I: condition number "
                                 f"{np.max(condition):.1e}; use the transported section at this point")

    def to_dense(self) -> Array:
        """The group element (..., N, N), for readers and tests."""
        N = self.point.shape[-2]
        return self.act(np.broadcast_to(np.eye(N, dtype=self.point.dtype), (*self.point.shape[:-1], N)))

    def lift(self, Delta: Array) -> HorizontalElement:
        r""":math:`A = Y^*\Delta` (zero on the Grassmann kinds) and B from the complement rows of
        :math:`\Lambda^*\Delta`.
        """
        A = frame_block(self.point, Delta, self.adjoint, grassmann=self.grassmann)
        return HorizontalElement(A, self._lift_complement(Delta), self.adjoint)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        r"""The lift of the Riemannian gradient :math:`XY`, :math:`X = \nabla L\,Y^T - (\nabla L\,Y^T)^*`."""
        Y, adjoint = self.point, self.adjoint
        a = adjoint(Y) @ dL
        if adjoint.is_isometric:
            A = np.zeros_like(a) if self.grassmann else a - adjoint(a)
            return HorizontalElement(A, self._lift_complement(dL), adjoint)
        K = np.swapaxes(Y, -1, -2) @ Y
        return self.lift(dL @ K - adjoint(np.swapaxes(Y, -1, -2)) @ adjoint(a))

    def push(self, X: HorizontalElement) -> Array:
        r""":math:`\Lambda\bar BE = YA + Y_\perp B`."""
        return np.asarray(self.point @ X.A + self._push_complement(X.B))

    def act(self, Y: Array) -> Array:
        r"""The product :math:`\Lambda Y` for Y of shape (..., N, m), in O(Nnm) time."""
        rotated = np.broadcast_to(Y, (*np.broadcast_shapes(self.point.shape[:-2], Y.shape[:-2]), *Y.shape[-2:])).copy()
        rotated[..., self._frame, :] = self._O @ Y[..., self._frame, :]
        return np.asarray(rotated + self._D @ (self._inverse @ (self.adjoint(self._D) @ rotated)))

    def move(self, W: HorizontalElement, retraction: str | Retraction) -> ReflectorSection:
        """The reflector section over the retracted point."""
        Y_new, _ = get_retraction(retraction).step(self.point, self._push_complement(W.B), W)
        return ReflectorSection(Y_new, self.adjoint, grassmann=self.grassmann)

    def restore(self) -> ReflectorSection:
        """The section of the restored point."""
        return ReflectorSection(newton_schulz(self.point, self.adjoint), self.adjoint, grassmann=self.grassmann)

    def to_arrays(self) -> dict[str, Array]:
        """The array Y."""
        return {"Y": self.point}

    def _complement(self) -> Array:
        return self.adjoint.complement(*self.point.shape[-2:])

    def _lift_complement(self, Delta: Array) -> Array:
        """Rows of the complement of H* Delta, where H* = I + D (Y*EO - I)^-* D*."""
        correction = self._D @ (self.adjoint(self._inverse) @ (self.adjoint(self._D) @ Delta))
        return np.asarray((Delta + correction)[..., self._complement(), :])

    def _push_complement(self, B: Array) -> Array:
        """The product of H with B in the rows of the complement."""
        X = np.zeros((*B.shape[:-2], self.point.shape[-2], B.shape[-1]), B.dtype)
        X[..., self._complement(), :] = B
        return np.asarray(X + self._D @ (self._inverse @ (self.adjoint(self._D) @ X)))


def _rotation(P: Array, adjoint: Adjoint) -> Array:
    """The polar factor of the frame block P within the orthogonal (symplectic) matrices."""
    if adjoint.is_isometric:
        return polar(P)[1]
    n = P.shape[-1] // 2
    complex_part = P[..., :n, :n] + P[..., n:, n:] + 1j * (P[..., n:, :n] - P[..., :n, n:])
    U = polar(complex_part)[1]
    return np.concatenate([np.concatenate([U.real, -U.imag], axis=-1),
                           np.concatenate([U.imag, U.real], axis=-1)], axis=-2)
