"""The geodesic retraction."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.matrix_functions import exponential, phi1, phi1_phi2_series, wider
from manifold_opt.sections.retraction_base import Retraction, RetractionError, adjoint_block, low_rank_step
from manifold_opt.tangent import HorizontalElement

__all__ = ["Geodesic", "series_step", "skew_step"]


@final
class Geodesic(Retraction):
    r"""The exponential :math:`\exp(\bar B)`, through :math:`\varphi_1` of the 2n x 2n matrix; right for every length.

    It is the geodesic of the canonical metric on the O(N) spaces and of the bi-invariant pseudo-Riemannian metric on
    the symplectic ones. Paper: v4, section 4, geodesic retraction.

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

    def step(self, Y: Array, V: Array, W: HorizontalElement) -> tuple[Array, Array]:
        """See :meth:`Retraction.step`; RetractionError where the exponential overflows (symplectic spaces)."""
        with np.errstate(over="ignore", invalid="ignore"):
            if W.B.shape[-2] == 0:
                # n = N: the group itself, where the exponential needs no factors
                Y_new, R = Y @ exponential(W.A), V
            else:
                norm = float(np.max(W.norm(), initial=0.0))
                # written so that NaN takes the way that reports it
                short = norm <= 1.0
                Y_new, R = series_step(Y, V, W, norm) if short else low_rank_step(Y, V, W, phi1, wider(Y.dtype))
                if not short and W.adjoint.is_compact:
                    Y_new, R = _steady(Y, V, W, Y_new, R)
        if not np.isfinite(Y_new).all():
            raise RetractionError(f"the exponential overflows {Y.dtype} at a velocity of norm "
                                  f"{np.max(W.norm(), initial=0.0):.1e}: take a smaller step")
        return Y_new, R

    def coefficients(self, W: HorizontalElement) -> tuple[Array, Array] | None:
        """See :meth:`Retraction.coefficients`: AG - B*BL and G of :func:`series_step`."""
        norm = float(np.max(W.norm(), initial=0.0))
        # written so that NaN takes the way that reports it
        return _series(W, norm)[:2] if W.B.shape[-2] and norm <= 1.0 else None


def series_step(Y: Array, V: Array, W: HorizontalElement, norm: float) -> tuple[Array, Array]:
    r"""A short geodesic step, with matrix functions of n x n blocks in place of one 2n x 2n matrix function.

    The powers of the velocity have the frame columns :math:`\bar B^kE = [a_k; Ba_{k-1}]` with
    :math:`a_{k+1} = Aa_k - B^*Ba_{k-1}`, so that :math:`\varphi_1(\bar B)E = [G; BL]` with
    :math:`G = \sum_k a_k/(k + 1)!` and :math:`L = \sum_k a_k/(k + 2)!`. Hence
    :math:`Y \leftarrow Y + Y(AG - B^*BL) + Y_\perp BG` and :math:`R = YG + Y_\perp BL`. The twin of
    :func:`low_rank_step`, with which it agrees to rounding.

    Parameters
    ----------
    Y, V, W
        As in :meth:`Retraction.step`.
    norm : float
        The largest norm of W, at most one: the terms of the series do not cancel.

    Returns
    -------
    Y_new, R : numpy.ndarray
        As in :meth:`Retraction.step`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections.geodesic import series_step
    >>> W = Stiefel(2, 1).tangent_space.element(np.array([np.pi / 4]))
    >>> Y_new, R = series_step(np.array([[1.0], [0.0]]), np.array([[0.0], [np.pi / 4]]), W, np.pi / 4)
    >>> np.allclose(Y_new, np.sqrt([[0.5], [0.5]]), rtol=0, atol=1e-15)
    True
    """
    alpha, G, L = _series(W, norm)
    Y_new, R = Y @ alpha, Y @ G
    Y_new += V @ G
    Y_new += Y
    R += V @ L
    return Y_new, R


def _series(W: HorizontalElement, norm: float) -> tuple[Array, Array, Array]:
    """The matrices AG - B*BL, G and L of :func:`series_step`."""
    C = adjoint_block(W) @ W.B
    G, L = phi1_phi2_series(W.A, C, norm, skew=W.adjoint.is_compact)
    return W.A @ G - C @ L, G, L


def _steady(Y: Array, V: Array, W: HorizontalElement, Y_new: Array, R: Array) -> tuple[Array, Array]:
    """The long geodesic step, with the members replaced for which the 2n x 2n matrix B''B' is not near a normal one.

    That is so where directions at rest (N < 2n, or B without full rank) meet fast ones: the zero eigenvalue of B''B'
    is then defective, its phi_1 is as large as the step, and what cancels in the product with B' costs that factor.
    """
    sigma = np.linalg.svd(V, compute_uv=False)
    slow = sigma[..., -1] < 1e-2 * W.norm()
    if Y.shape[-2] < 2 * Y.shape[-1]:
        slow = np.ones_like(slow)
    if not slow.any():
        return Y_new, R
    slow = slow[..., None, None]
    steady = skew_step(Y, V, W)
    return np.where(slow, steady[0], Y_new), np.where(slow, steady[1], R)


def skew_step(Y: Array, V: Array, W: HorizontalElement) -> tuple[Array, Array]:
    r"""A long geodesic step on the O(N) spaces, in an orthonormal basis in which the velocity is skew-symmetric.

    With :math:`Y_\perp B = QR_V` the columns of the velocity are those of :math:`X = [[A, -R_V^T], [R_V, 0]]` in the
    basis :math:`[Y, Q]`, so that :math:`Y \leftarrow [Y, Q]e^XE` and :math:`R = [Y, Q]\varphi_1(X)E`. Both functions
    of the skew-symmetric X are bounded for every length; the rounding of R_V costs the length of the step in accuracy.

    Parameters
    ----------
    Y, V, W
        As in :meth:`Retraction.step`.

    Returns
    -------
    Y_new, R : numpy.ndarray
        As in :meth:`Retraction.step`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections.geodesic import skew_step
    >>> W = Stiefel(3, 2).tangent_space.element(np.array([500.0, 0.0, 300.0]))
    >>> Y, V = np.eye(3, 2), np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 300.0]])
    >>> Y_new, R = skew_step(Y, V, W)
    >>> bool(np.linalg.norm(Y_new.T @ Y_new - np.eye(2)) < 1e-12)
    True
    """
    n, dtype = Y.shape[-1], wider(Y.dtype)
    Q, R_V = np.linalg.qr(V)
    k = R_V.shape[-2]
    X = np.zeros((*W.batch, n + k, n + k), dtype)
    X[..., :n, :n], X[..., n:, :n], X[..., :n, n:] = W.A, R_V, -np.swapaxes(R_V, -1, -2)
    phi = phi1(X)
    E = np.eye(n + k, n, dtype=dtype) + X @ phi[..., :n]
    basis = np.concatenate([Y, Q], axis=-1)
    return basis @ E.astype(Y.dtype), basis @ phi[..., :n].astype(Y.dtype)
