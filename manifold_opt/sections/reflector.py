"""The implicit section: O(Nn) memory and O(Nn^2) time, never an N x N array."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError
from manifold_opt.arrays.fields import transposed
from manifold_opt.arrays.matrix_functions import newton_schulz
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.sections.restoration import restored
from manifold_opt.sections.retraction import Retraction, check_moved
from manifold_opt.sections.retractions import get_retraction
from manifold_opt.sections.section import GlobalSection
from manifold_opt.tangent import HorizontalElement, MatrixTangentSpace

__all__ = ["ReflectorSection", "dense_reflector"]


@final
class ReflectorSection(GlobalSection):
    r"""The section :math:`\Lambda = H\,\mathrm{diag}(O, I)` with :math:`H = I + D(Y^*EO - I)^{-1}D^*`,
    :math:`D = Y - EO`.

    H is a group element with :math:`HEO = Y`, for both adjoints, wherever :math:`Y^*EO - I` is regular; O is an
    element of the small group in the frame, chosen so that it is. On the O(N) spaces :math:`O = -O'` with the polar
    decomposition :math:`E^TY = SO'`: then H is the reflection :math:`I - W(I + S)^{-1}W^T` with
    :math:`W = YO'^T + E`, and :math:`I + S` has condition number at most 2. On the symplectic spaces O is minus the
    orthogonal symplectic polar factor of the part of :math:`E^TY` that commutes with J, which is a good choice near
    orthogonal symplectic points; where the matrix is singular all the same, an error says so and the transported
    section must be used.

    A move keeps O as long as :math:`(Y^*EO - I)^{-1}` has a norm of at most :math:`2\sqrt n`, and chooses it anew where
    not: the section then is one smooth function of Y along the way, and costs one n x n inverse. It is a different
    section from the transported one, and Adam, whose division acts entry by entry, depends on it.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., N, n).
    tangent_space : MatrixTangentSpace
        Where lifts lie.
    O : numpy.ndarray, optional
        Elements (..., n, n) of the small group to be kept where they serve, those of an earlier section.

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

    tangent_space: MatrixTangentSpace

    def __init__(self, Y: Array, tangent_space: MatrixTangentSpace, *, O: Array | None = None) -> None:
        self.point, self.tangent_space, self.adjoint = Y, tangent_space, tangent_space.adjoint
        adjoint = tangent_space.adjoint
        self._frame, self._complement = adjoint.split(tangent_space.N, tangent_space.n)
        self._O, self._inverse = _factors(Y[..., self._frame, :], adjoint, O)

    def to_dense(self) -> Array:
        """The group element (..., N, N), for readers and tests."""
        N = self.point.shape[-2]
        return self.act(np.broadcast_to(np.eye(N, dtype=self.point.dtype), (*self.point.shape[:-1], N)))

    def lift(self, Delta: Array) -> HorizontalElement:
        r""":math:`A = Y^*\Delta` (projected) and B from the complement rows of
        :math:`\Lambda^*\Delta`.
        """
        a = self.adjoint(self.point) @ Delta
        return HorizontalElement(self.tangent_space.project_frame(a), self._lift_complement(Delta, a),
                                 self.tangent_space)

    def lift_gradient(self, dL: Array) -> HorizontalElement:
        r"""The lift of the Riemannian gradient :math:`XY`, :math:`X = \nabla L\,Y^T - (\nabla L\,Y^T)^*`."""
        Y, adjoint = self.point, self.adjoint
        a = adjoint(Y) @ dL
        if adjoint.is_compact:
            return HorizontalElement(2 * self.tangent_space.project_frame(a), self._lift_complement(dL, a),
                                     self.tangent_space)
        K = transposed(Y) @ Y
        return self.lift(dL @ K - adjoint(transposed(Y)) @ adjoint(a))

    def lift_differential(self, dL: Array) -> HorizontalElement:
        r"""The lift of the gradient; on the symplectic spaces :math:`J^TPJ` with the lift P of the pseudo-Riemannian
        gradient, whose metric is invariant under :math:`\Lambda`.
        """
        if self.adjoint.is_compact:
            return self.lift_gradient(dL)
        dLt, Y = transposed(dL), self.point
        lifted = self.lift(self.adjoint(dLt) - Y @ (dLt @ Y))
        return lifted.map(lambda block: transposed(self.adjoint(block)))

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
        step = get_retraction(retraction).step(W)
        Y = check_moved(self._advance(*step.frame_coefficients(), step.directions), self.adjoint, W)
        O = np.broadcast_to(self._O, (*Y.shape[:-2], *self._O.shape[-2:]))
        long = np.broadcast_to(step.long & self.adjoint.is_compact, Y.shape[:-2])
        if long.any():
            # H multiplies the defect of Y by up to 2|(Y*EO - I)^-1|; short steps hardly turn it, long ones add it up
            Y[long] = newton_schulz(Y[long], self.adjoint)
            # NaN never serves: O is chosen anew
            O = np.where(long[..., None, None], np.nan, O).astype(Y.dtype)
        try:
            return ReflectorSection(Y, self.tangent_space, O=O)
        except ValueError as error:
            raise RetractionError(f"{error}, or take a smaller step") from error

    def restore(self) -> ReflectorSection:
        """The section of the restored point; RetractionError if it is too far from the space for that."""
        Y = restored(self.point, self.adjoint)
        return ReflectorSection(Y, self.tangent_space, O=self._O)

    def to_arrays(self) -> dict[str, Array]:
        """The arrays Y and O."""
        return {"Y": self.point, "O": self._O}

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

    def _advance(self, alpha: Array, beta: Array, P: Array) -> Array:
        """The point Y + Y alpha + V beta with V the product of :meth:`_push_complement` with P, which is not formed."""
        X = self._inverse @ (self.adjoint(self.point[..., self._complement, :]) @ P) @ beta
        Y_new = self.point @ (alpha + X)
        Y_new[..., self._frame, :] -= self._O @ X
        Y_new[..., self._complement, :] += P @ beta
        Y_new += self.point
        return np.asarray(Y_new)

    def _push_complement(self, B: Array) -> Array:
        """The product of H with B in the rows of the complement."""
        X = self._columns(self._inverse @ (self.adjoint(self.point[..., self._complement, :]) @ B))
        X[..., self._complement, :] += B
        return X


def dense_reflector(Y: Array, O: Array, tangent_space: MatrixTangentSpace) -> Array:
    r"""The group element :math:`H\,\mathrm{diag}(O, I)` by its formula, the plain twin of :class:`ReflectorSection`.

    .. math:: H = I + D(Y^*EO - I)^{-1}D^*, \quad D = Y - EO.

    Source: the reflection that exchanges two points, in the adjoint of any group.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., N, n).
    O : numpy.ndarray
        Elements (..., n, n) of the group of the frame, with regular :math:`Y^*EO - I`.
    tangent_space : MatrixTangentSpace
        The global tangent space, for adjoint and frame.

    Returns
    -------
    numpy.ndarray
        Group elements (..., N, N) over Y.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is singular.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections import dense_reflector
    >>> space = Stiefel(5, 2)
    >>> section = space.global_section(space.random_point(np.random.default_rng(0)), "reflector")
    >>> Lambda = dense_reflector(section.point, section.to_arrays()["O"], space.tangent_space)
    >>> np.allclose(Lambda, section.to_dense()), np.allclose(Lambda.T @ Lambda, np.eye(5))
    (True, True)
    """
    adjoint, frame = tangent_space.adjoint, tangent_space.adjoint.frame(tangent_space.N, tangent_space.n)
    I_N, I_n = np.eye(tangent_space.N, dtype=Y.dtype), np.eye(tangent_space.n, dtype=Y.dtype)
    E = I_N[:, frame]
    D = Y - E @ O
    H = I_N + D @ np.linalg.inv(adjoint(Y) @ E @ O - I_n) @ adjoint(D)
    H[..., frame] = H[..., frame] @ O
    return np.asarray(H)


def _factors(P: Array, adjoint: Adjoint, O: Array | None) -> tuple[Array, Array]:
    """O and (P*O - I)^-1 for the frame blocks P, with the given O where it serves.

    ValueError where there is no such inverse to working precision (symplectic spaces).
    """
    kept, O = O is not None, -adjoint.rotation(P) if O is None else O
    inverse = _inverse(P, O, adjoint)
    # written so that NaN counts as too large
    too_large = ~(np.linalg.norm(inverse, axis=(-2, -1)) <= 2 * np.sqrt(P.shape[-1]))
    if kept and too_large.any():
        O = O.copy()
        O[too_large] = -adjoint.rotation(P[too_large])
        inverse = _inverse(P, O, adjoint)
    if not adjoint.is_compact:
        condition = adjoint.cayley_condition(-(adjoint(P) @ O), inverse)
        if not condition < np.finfo(P.dtype).eps ** -0.5:
            raise ValueError("the reflector section must have a regular matrix Y*EO - I: condition number "
                             f"{condition:.1e}; use the transported section at this point")
    return O, inverse


def _inverse(P: Array, O: Array, adjoint: Adjoint) -> Array:
    """The matrix (P*O - I)^-1 = -(I + X)^-1 with X = -P*O; infinite or NaN where it is singular."""
    with np.errstate(all="ignore"):
        # the symmetric part of X is positive semidefinite for the polar factor, and nearly so while O serves
        return -adjoint.cayley_inverse(-(adjoint(P) @ O))
