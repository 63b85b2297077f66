"""The Cayley retraction."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.matrix_functions import cayley_factor
from manifold_opt.arrays.rotations import skew_cayley
from manifold_opt.sections.derivative import cayley_derivative
from manifold_opt.sections.group_step import FractionStep, GroupStep, LowRankStep, split_by_length
from manifold_opt.sections.low_rank import low_rank_step
from manifold_opt.sections.orthonormal_basis import orthonormal_factors
from manifold_opt.sections.retraction import Retraction, RetractionError
from manifold_opt.tangent import HorizontalElement

__all__ = ["Cayley", "CayleyFactor"]


@final
class Cayley(Retraction):
    r"""The Cayley transform :math:`(I - \frac12\bar B)^{-1}(I + \frac12\bar B)` in closed form, with one n x n inverse.

    With :math:`M = I - \frac12A + \frac14B^*B` and :math:`F = I - M^{-1}` the step is
    :math:`Y \leftarrow Y + H` and :math:`Y_\perp \leftarrow Y_\perp - (Y + \frac12H)B^*` with
    :math:`H = V - (2Y + V)F`, :math:`V = Y_\perp B`: block elimination of :math:`I - \frac12\bar B` in frame and
    complement, for both adjoints. On the O(N) spaces the symmetric part of M is at least I, so that the step is defined
    everywhere; on the symplectic ones it is undefined exactly where M is singular.
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

    def derivative(self, X: HorizontalElement, t: float) -> HorizontalElement:
        """See :func:`~manifold_opt.sections.cayley_derivative`."""
        return cayley_derivative(X, t)

    def step(self, W: HorizontalElement) -> GroupStep:
        """See :meth:`Retraction.step`; RetractionError where 2 is an eigenvalue of the velocity (symplectic spaces)."""
        with np.errstate(over="ignore"):
            T = _half_square(W)
            long = _is_long(T)
        if not long.any():
            return FractionStep(W.B, W.adjoint.cayley_fraction(T))
        return split_by_length(W, long, _short_cayley, _long_cayley if W.adjoint.is_compact else _cayley_by_inverse)


@final
class CayleyFactor(Retraction):
    r"""The Cayley transform through a 2n x 2n matrix, as the paper shows it.

    The readable twin of :class:`Cayley`, with which it agrees to rounding at twice the work: a step by
    :math:`(I - \frac12B''B')^{-1}`. Long steps on the O(N) spaces, at which that inverse loses as many digits as the
    square of the step has, it takes as :class:`Cayley` does.
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

    def derivative(self, X: HorizontalElement, t: float) -> HorizontalElement:
        """See :func:`~manifold_opt.sections.cayley_derivative`."""
        return cayley_derivative(X, t)

    def step(self, W: HorizontalElement) -> GroupStep:
        """See :meth:`Retraction.step`; RetractionError where 2 is an eigenvalue of the velocity (symplectic spaces)."""
        with np.errstate(over="ignore"):
            long = _is_long(_half_square(W)) & W.adjoint.is_compact
        return split_by_length(W, long, _cayley_by_factor, _long_cayley)


def _half_square(W: HorizontalElement) -> Array:
    r"""The matrix :math:`T = M - I = \frac14B^*B - \frac12A`; infinite where it overflows."""
    # NumPy takes B^T B of the same array for a symmetric product, which is slow for many small matrices
    T = W.adjoint(W.B) @ (0.25 * W.B) if W.batch else 0.25 * (W.adjoint(W.B) @ W.B)
    T -= 0.5 * W.A
    return np.asarray(T)


def _is_long(T: Array) -> Array:
    """For which members F = T(I + T)^-1 would lose digits.

    Many singular values share the norm of a large matrix, each of which is then small.
    """
    # the Frobenius norm as np.linalg.norm forms it, without what that asks of its arguments first
    norm = np.sqrt(np.add.reduce((T.conj() * T).real, axis=(-2, -1)))
    return np.asarray(norm > max(1.0, 0.25 * T.shape[-1] ** 0.5))


def _short_cayley(W: HorizontalElement) -> FractionStep:
    """The closed form."""
    return FractionStep(W.B, W.adjoint.cayley_fraction(_half_square(W)))


def _long_cayley(W: HorizontalElement) -> LowRankStep:
    r"""The step on the O(N) spaces from matrices of norm at most one.

    With the QR decomposition :math:`[I; \frac12B] = [Q_1; Q_2]S` one has :math:`M = S^*(I - K)S` with the
    skew-symmetric :math:`K = \frac12Q_1^*AQ_1`. So with :math:`G = (I - K)^{-1}` the step has the frame columns
    :math:`[2Q_1GQ_1^* - I;\ 2Q_2GQ_1^*]` and the complement columns :math:`E_\perp - 2[Q_1G; Q_2G]Q_2^*`. The plain
    inverse of M loses as many digits as the square of the step has.
    """
    A, B, adjoint = W.A, W.B, W.adjoint
    n = A.shape[-1]
    identity = np.broadcast_to(np.eye(n, dtype=A.dtype), A.shape)
    Q = orthonormal_factors(np.concatenate([identity, 0.5 * B], axis=-2), adjoint)[0]
    Q1, Q2 = Q[..., :n, :], Q[..., n:, :]
    # 2G = 2I + D with the Cayley transform I + D of 2K
    D = skew_cayley(adjoint(Q1) @ A @ Q1).astype(A.dtype, copy=False)
    twice_G = 2 * identity + D
    beta, gamma = twice_G @ adjoint(Q1), Q1 @ twice_G
    return LowRankStep(Q2, Q1 @ beta - 2 * identity, beta, gamma, twice_G, long=True)


def _cayley_by_inverse(W: HorizontalElement) -> LowRankStep:
    """The closed form from M^-1 itself, of which F = I - M^-1 keeps few digits where the step is long."""
    with np.errstate(over="ignore"):
        T = _half_square(W)
    inverse = W.adjoint.checked_cayley_inverse(T)
    alpha = 2 * (inverse - np.eye(inverse.shape[-1], dtype=inverse.dtype))
    return LowRankStep(W.B, alpha, inverse, inverse, 0.5 * inverse, long=True)


def _cayley_by_factor(W: HorizontalElement) -> LowRankStep:
    """The paper's form with the 2n x 2n inverse."""
    try:
        return low_rank_step(W, cayley_factor)
    except np.linalg.LinAlgError as error:
        raise RetractionError("the Cayley transform is undefined where 2 is an eigenvalue of the velocity; "
                              "take a smaller step") from error
