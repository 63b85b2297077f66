"""The Cayley retraction."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.matrix_functions import cayley_factor
from manifold_opt.sections.retraction_base import Retraction, RetractionError, low_rank_step
from manifold_opt.tangent import HorizontalElement

__all__ = ["Cayley", "CayleyFactor"]


@final
class CayleyFactor(Retraction):
    r"""The Cayley transform through the 2n x 2n matrix :math:`(I - \frac12B''B')^{-1}`, as the paper shows it.

    The readable twin of :class:`Cayley`, with which it agrees to rounding at twice the work.
    Paper: v4, section 4, Cayley retraction.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections import Cayley, CayleyFactor
    >>> space, rng = Stiefel(8, 3), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> W = section.lift(space.random_tangent(rng, section.point))
    >>> np.allclose(section.move(W, Cayley()).point, section.move(W, CayleyFactor()).point, atol=1e-14)
    True
    """

    def step(self, Y: Array, V: Array, W: HorizontalElement) -> tuple[Array, Array]:
        """See :meth:`Retraction.step`; RetractionError where 2 is an eigenvalue of the velocity (symplectic spaces)."""
        try:
            return low_rank_step(Y, V, W, cayley_factor, Y.dtype)
        except np.linalg.LinAlgError as error:
            raise _undefined_cayley(W, np.inf) from error


@final
class Cayley(Retraction):
    r"""The Cayley transform :math:`(I - \frac12\bar B)^{-1}(I + \frac12\bar B)` in closed form, with one n x n inverse.

    With :math:`M = I - \frac12A + \frac14B^*B` and :math:`Z = (2Y + Y_\perp B)M^{-1}`, the step is
    :math:`Y \leftarrow Z - Y` and :math:`Y_\perp \leftarrow Y_\perp - \frac12ZB^*`: block elimination of
    :math:`I - \frac12\bar B` in frame and complement, for both adjoints. On the O(N) spaces the symmetric part of M is
    at least I, so that the step is defined everywhere; on the symplectic ones it is undefined exactly where M is
    singular.
    Paper: v4, section 4, Cayley retraction.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(8, 3), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Delta = 300 * space.random_tangent(rng, Y)
    >>> bool(space.point_defect(space.cayley(Y, Delta)) < 5e-15)
    True
    """

    def step(self, Y: Array, V: Array, W: HorizontalElement) -> tuple[Array, Array]:
        """See :meth:`Retraction.step`; RetractionError where 2 is an eigenvalue of the velocity (symplectic spaces)."""
        T = _half_square(W)
        if _is_long(T, W):
            R = _long_cayley(Y, V, W.A)
            return 2 * R - Y, R
        # Z - 2Y as an increment of Y: the rounding of Z - Y itself has a bias, and makes long trainings drift
        Z = 2 * Y
        Z += V
        H = Z @ W.adjoint.cayley_fraction(T)
        np.subtract(V, H, out=H)
        np.add(Y, H, out=Z)
        # R = Y + H/2, in the array of H
        H *= 0.5
        H += Y
        return Z, H

    def coefficients(self, W: HorizontalElement) -> tuple[Array, Array] | None:
        r"""See :meth:`Retraction.coefficients`: :math:`2(M^{-1} - I)` and :math:`M^{-1}`."""
        T = _half_square(W)
        if _is_long(T, W):
            return None
        F = W.adjoint.cayley_fraction(T)
        return -2 * F, np.eye(F.shape[-1], dtype=F.dtype) - F


def _half_square(W: HorizontalElement) -> Array:
    r"""The matrix :math:`T = M - I = \frac14B^*B - \frac12A`."""
    # NumPy takes B^T B of the same array for a symmetric product, which is slow for many small matrices
    T = W.adjoint(W.B) @ (0.25 * W.B) if W.batch else 0.25 * (W.adjoint(W.B) @ W.B)
    T -= 0.5 * W.A
    return np.asarray(T)


def _is_long(T: Array, W: HorizontalElement) -> bool:
    """Whether the inverse of M = I + T would lose digits; on the symplectic spaces there is no better way."""
    return W.adjoint.is_compact and bool(np.max(np.linalg.norm(T, axis=(-2, -1)), initial=0.0) > 5.0)


def _long_cayley(Y: Array, V: Array, A: Array) -> Array:
    r"""The factor :math:`R = \frac12Z` of a long step on the O(N) spaces, from matrices of norm at most one.

    With the QR decomposition :math:`[I; \frac12V] = [Q_1; Q_2]S` one has :math:`M = S^T(I - K)S` with the
    skew-symmetric :math:`K = \frac12Q_1^TAQ_1`, and so :math:`R = (YQ_1 + Q_2)(I - K)^{-1}Q_1^T`. The plain inverse
    of M loses as many digits as the square of the step has.
    """
    n = A.shape[-1]
    identity = np.broadcast_to(np.eye(n, dtype=Y.dtype), A.shape)
    Q = np.linalg.qr(np.concatenate([identity, 0.5 * V], axis=-2))[0]
    Q1, Q2 = Q[..., :n, :], Q[..., n:, :]
    Q1t = np.swapaxes(Q1, -1, -2)
    K = 0.5 * (Q1t @ A @ Q1)
    omega, U = np.linalg.eigh(-0.5j * (K - np.swapaxes(K, -1, -2)))
    inverse = ((U / (1 - 1j * omega)[..., None, :]) @ np.conj(np.swapaxes(U, -1, -2))).real
    return np.asarray(((Y @ Q1 + Q2) @ inverse) @ Q1t)


def _undefined_cayley(W: HorizontalElement, condition: float) -> RetractionError:
    return RetractionError("the Cayley transform is undefined where 2 is an eigenvalue of the velocity: condition "
                           f"{condition:.1e} at norm {np.max(W.norm(), initial=0.0):.1e}; take a smaller step")
