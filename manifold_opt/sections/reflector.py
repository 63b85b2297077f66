"""The implicit section: O(Nn) memory and O(Nn^2) time, never an N x N array."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.adjoints import Adjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.horizontal import HorizontalElement
from manifold_opt.arrays.matrix_functions import newton_schulz, polar
from manifold_opt.sections.global_section import GlobalSection
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
        self._frame: slice | Array
        self._complement: slice | Array
        if adjoint.is_isometric:
            # slices are views of the rows, arrays of indices copy them
            self._frame, self._complement = slice(0, n), slice(n, N)
            self._O, self._inverse = _orthogonal_factors(Y[..., :n, :])
        else:
            self._frame, self._complement = adjoint.frame(N, n), adjoint.complement(N, n)
            self._O, self._inverse = _symplectic_factors(Y[..., self._frame, :], adjoint)

    def to_dense(self) -> Array:
        """The group element (..., N, N), for readers and tests."""
        N = self.point.shape[-2]
        return self.act(np.broadcast_to(np.eye(N, dtype=self.point.dtype), (*self.point.shape[:-1], N)))

    def lift(self, Delta: Array) -> HorizontalElement:
        r""":math:`A = Y^*\Delta` (zero on the Grassmann kinds) and B from the complement rows of
        :math:`\Lambda^*\Delta`.
        """
        a = self.adjoint(self.point) @ Delta
        A = np.zeros_like(a) if self.grassmann else np.asarray(0.5 * (a - self.adjoint(a)))
        return HorizontalElement(A, self._lift_complement(Delta, a), self.adjoint)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        r"""The lift of the Riemannian gradient :math:`XY`, :math:`X = \nabla L\,Y^T - (\nabla L\,Y^T)^*`."""
        Y, adjoint = self.point, self.adjoint
        a = adjoint(Y) @ dL
        if adjoint.is_isometric:
            A = np.zeros_like(a) if self.grassmann else a - adjoint(a)
            return HorizontalElement(A, self._lift_complement(dL, a), adjoint)
        K = np.swapaxes(Y, -1, -2) @ Y
        return self.lift(dL @ K - adjoint(np.swapaxes(Y, -1, -2)) @ adjoint(a))

    def push(self, X: HorizontalElement) -> Array:
        r""":math:`\Lambda\bar BE = YA + Y_\perp B`."""
        return np.asarray(self.point @ X.A + self._push_complement(X.B))

    def act(self, Y: Array) -> Array:
        r"""The product :math:`\Lambda Y` for Y of shape (..., N, m), in O(Nnm) time."""
        rotated = np.broadcast_to(Y, (*np.broadcast_shapes(self.point.shape[:-2], Y.shape[:-2]), *Y.shape[-2:])).copy()
        rotated[..., self._frame, :] = self._O @ Y[..., self._frame, :]
        step = self.adjoint(self.point) @ rotated - self.adjoint(self._O) @ rotated[..., self._frame, :]
        return rotated + self._columns(self._inverse @ step)

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

    def _columns(self, X: Array) -> Array:
        """The product DX = YX - EOX, for n x m matrices X."""
        product = self.point @ X
        product[..., self._frame, :] -= self._O @ X
        return product

    def _lift_complement(self, Delta: Array, a: Array) -> Array:
        """Rows of the complement of H* Delta, where H* = I + D (Y*EO - I)^-* D* and D* Delta = a - O*E* Delta."""
        step = self.adjoint(self._inverse) @ (a - self.adjoint(self._O) @ Delta[..., self._frame, :])
        B = self.point[..., self._complement, :] @ step
        B += Delta[..., self._complement, :]
        return np.asarray(B)

    def _push_complement(self, B: Array) -> Array:
        """The product of H with B in the rows of the complement."""
        X = self._columns(self._inverse @ (self.adjoint(self.point[..., self._complement, :]) @ B))
        X[..., self._complement, :] += B
        return X


def _orthogonal_factors(P: Array) -> tuple[Array, Array]:
    r"""O and :math:`(P^TO - I)^{-1}` for the frame block :math:`P = U\sigma V^T`: both come from its singular values.

    :math:`O = -UV^T` is minus the polar factor, and :math:`P^TO - I = -V(\sigma + 1)V^T`.
    """
    U, sigma, Vt = np.linalg.svd(P)
    V, identity = np.swapaxes(Vt, -1, -2), np.eye(P.shape[-1], dtype=P.dtype)
    O, inverse = -(U @ Vt), (V / -(1 + sigma)[..., None, :]) @ Vt
    # one Newton step makes it the inverse for O as rounded, on which the orthogonality of the section rests
    return O, inverse + inverse @ (identity - (np.swapaxes(P, -1, -2) @ O - identity) @ inverse)


def _symplectic_factors(P: Array, adjoint: Adjoint) -> tuple[Array, Array]:
    """O and (P*O - I)^-1 for the frame block P; ValueError where there is no such inverse to working precision."""
    O = -_rotation(P)
    M = adjoint(P) @ O - np.eye(P.shape[-1], dtype=P.dtype)
    inverse = np.linalg.inv(M)
    condition = np.linalg.norm(M, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    if not np.max(condition, initial=0.0) < np.finfo(P.dtype).eps ** -0.5:
        raise ValueError("the reflector section must have a regular matrix Y*EO - I: condition number "
                         f"{np.max(condition):.1e}; use the transported section at this point")
    return O, inverse


def _rotation(P: Array) -> Array:
    """The unitary polar factor of the part of the frame block P that commutes with J."""
    n = P.shape[-1] // 2
    complex_part = P[..., :n, :n] + P[..., n:, n:] + 1j * (P[..., n:, :n] - P[..., :n, n:])
    U = polar(complex_part)[1]
    return np.concatenate([np.concatenate([U.real, -U.imag], axis=-1),
                           np.concatenate([U.imag, U.real], axis=-1)], axis=-2)
