"""The geodesic retraction."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.matrix_functions import phi1, phi1_phi2_series, working_dtype
from manifold_opt.arrays.rotations import skew_exponential
from manifold_opt.sections.group_step import GroupStep, LowRankStep, split_by_length
from manifold_opt.sections.low_rank import low_rank_step
from manifold_opt.sections.orthonormal_basis import compressed_velocity, rotation_step
from manifold_opt.sections.retraction import Retraction, RetractionError
from manifold_opt.tangent import HorizontalElement

__all__ = ["Geodesic"]


@final
class Geodesic(Retraction):
    r"""The exponential :math:`\exp(\bar B)`, right for every length.

    It is the geodesic of the canonical metric on the O(N) spaces and of the bi-invariant pseudo-Riemannian metric on
    the symplectic ones. Short steps are Taylor series of n x n blocks; long ones on the O(N) spaces the exponential of
    the skew-symmetric matrix of the velocity in an orthonormal basis of its range, on the symplectic spaces
    :math:`I + B'\varphi_1(B''B')B''`. Paper: v4, section 4, geodesic retraction.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(8, 3), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Delta = 300 * space.random_tangent(rng, Y)
    >>> bool(space.point_defect(space.geodesic(Y, Delta)) < 5e-15)
    True
    """

    def derivative(self, X: HorizontalElement, t: float) -> HorizontalElement:
        """X itself: the curve is a one-parameter group."""
        return X

    def step(self, W: HorizontalElement) -> GroupStep:
        """See :meth:`Retraction.step`; RetractionError where the exponential overflows (symplectic spaces)."""
        long = np.asarray(W.norm() > 1.0)
        if W.B.shape[-2] == 0:
            # n = N: the group itself, where the exponential needs no factors
            long = np.ones_like(long)
        elif long.any() and W.adjoint.is_compact and W.A.shape[-1] >= 64:
            # many singular values share the norm of a large matrix
            long &= _spectral_bound(W) > 1.0
        long_step = _rotation if W.adjoint.is_compact else _low_rank_exponential
        with np.errstate(over="ignore", invalid="ignore"):
            step = split_by_length(W, long, series_step, long_step)
        if not np.isfinite(step.frame_coefficients()[0]).all():
            raise RetractionError(f"the exponential overflows {W.dtype} at a velocity of norm "
                                  f"{np.max(W.norm(), initial=0.0):.1e}: take a smaller step")
        return step


def series_step(W: HorizontalElement) -> LowRankStep:
    r"""A short geodesic step, with matrix functions of n x n blocks in place of one 2n x 2n matrix function.

    The powers of the velocity have the frame columns :math:`\bar B^kE = [a_k; Ba_{k-1}]` with
    :math:`a_{k+1} = Aa_k - B^*Ba_{k-1}`, so that :math:`\varphi_1(\bar B)E = [G; BL]` with
    :math:`G = \sum_k a_k/(k + 1)!` and :math:`L = \sum_k a_k/(k + 2)!`. Hence
    :math:`Y \leftarrow Y + Y(AG - B^*BL) + Y_\perp BG` and :math:`R = YG + Y_\perp BL`.
    """
    C = W.adjoint.block(W.B) @ W.B
    norm = float(np.max(W.norm(), initial=0.0))
    if norm > 1.0:
        norm = float(np.max(_spectral_bound(W), initial=0.0))
    G, L = phi1_phi2_series(W.A, C, norm, skew=W.adjoint.is_compact)
    return LowRankStep(W.B, W.A @ G - C @ L, G, G, L)


def _spectral_bound(W: HorizontalElement) -> Array:
    r"""An upper bound :math:`\frac12(a + \sqrt{a^2 + 4b^2})` of the largest singular value of velocities of the O(N)
    spaces, from bounds a and b of those of A and B.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        a, b = (np.linalg.norm(X, axis=(-2, -1)) ** 0.5 for X in (W.A @ W.A, W.adjoint(W.B) @ W.B))
        # NaN counts as long
        return np.asarray(np.nan_to_num(0.5 * (a + np.sqrt(a * a + 4 * b * b)), nan=np.inf))


def _rotation(W: HorizontalElement) -> LowRankStep:
    """A long geodesic step on the O(N) spaces, orthogonal to rounding by construction."""
    Q, X, rest = compressed_velocity(W)
    return rotation_step(Q, skew_exponential(X, rest), W.A.shape[-1])


def _low_rank_exponential(W: HorizontalElement) -> LowRankStep:
    """A long geodesic step on the symplectic spaces, in a wider type: the exponential amplifies rounding."""
    dtype = working_dtype(W.dtype, 2 * W.A.shape[-1])
    step = low_rank_step(W.map(lambda X: X.astype(dtype, copy=False)), phi1)
    alpha, beta, gamma, delta = (X.astype(W.dtype, copy=False)
                                 for X in (step.alpha, step.beta, step.gamma, step.delta))
    return LowRankStep(W.B, alpha, beta, gamma, delta)
