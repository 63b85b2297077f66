r"""Retractions: from a velocity in the global tangent space to a step in the group.

With :math:`\bar B = B'B''`, :math:`B' = [[\frac12A, I], [B, 0]]` and :math:`B'' = [[I, 0], [\frac12A, -B^*]]`, the
geodesic and the Cayley transform are both :math:`I + B'\psi(B''B')B''` with a 2n x 2n matrix function, so that a step
:math:`\Lambda \leftarrow \Lambda + (\Lambda B')\psi(B''B')B''` costs a few products of N x N by N x n.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.horizontal import HorizontalElement
from manifold_opt.arrays.matrix_functions import (cayley_factor, exponential, fraction, fraction_by_sweeps, phi1,
                                                  phi1_phi2_series, wider)

__all__ = ["Retraction", "RetractionError", "Geodesic", "Cayley", "CayleyFactor", "RETRACTIONS", "get_retraction"]


class RetractionError(ValueError):
    """A retraction is undefined or overflows at the given velocity; a smaller step helps.

    Examples
    --------
    >>> from manifold_opt.sections import RetractionError
    >>> issubclass(RetractionError, ValueError)
    True
    """


class Retraction(ABC):
    """A map from the global tangent space to the group, applied to a section.

    Paper: v4, section 4, "retractions".

    Examples
    --------
    Both retractions leave a point where it is if the velocity is zero, exactly:

    >>> import numpy as np
    >>> from manifold_opt.arrays import HorizontalElement, TransposeAdjoint
    >>> from manifold_opt.sections import Cayley, Geodesic
    >>> Y, V = np.eye(5, 2), np.zeros((5, 2))
    >>> zero = HorizontalElement(np.zeros((2, 2)), np.zeros((3, 2)), TransposeAdjoint())
    >>> [np.array_equal(retraction.step(Y, V, zero)[0], Y) for retraction in (Cayley(), Geodesic())]
    [True, True]
    """

    @abstractmethod
    def step(self, Y: Array, V: Array, W: HorizontalElement) -> tuple[Array, Array]:
        r"""The step in the columns of a section.

        Parameters
        ----------
        Y : numpy.ndarray
            Frame columns :math:`\Lambda E` (..., N, n).
        V : numpy.ndarray
            The product :math:`Y_\perp B` (..., N, n): all that the step of Y needs of the complement.
        W : HorizontalElement
            Velocity, with blocks A (..., n, n) and B (..., N - n, n).

        Returns
        -------
        Y_new : numpy.ndarray
            The retracted point (..., N, n).
        R : numpy.ndarray
            The factor (..., N, n) of the step of the complement, :math:`Y_\perp \leftarrow Y_\perp - RB^*`.

        Raises
        ------
        RetractionError
            If the retraction is undefined or overflows at W.
        """

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


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
                if not short and W.adjoint is not None and W.adjoint.is_isometric:
                    Y_new, R = _steady(Y, V, W, Y_new, R)
        if not np.isfinite(Y_new).all():
            raise RetractionError(f"the exponential overflows {Y.dtype} at a velocity of norm "
                                  f"{np.max(W.norm(), initial=0.0):.1e}: take a smaller step")
        return Y_new, R


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
        assert W.adjoint is not None
        T = 0.25 * (adjoint_block(W) @ W.B) - 0.5 * W.A
        if W.adjoint.is_isometric and np.max(np.linalg.norm(T, axis=(-2, -1)), initial=0.0) > 5.0:
            R = _long_cayley(Y, V, W.A)
            return 2 * R - Y, R
        # Z - Y as an increment of Y: the rounding of 2Y M^-1 - Y has a bias, and makes long trainings drift
        Y_new = 2 * Y + V
        H = Y_new @ _cayley_fraction(T, W)
        np.subtract(V, H, out=H)
        np.add(Y, H, out=Y_new)
        # R = Y + H/2, in the array of H
        H *= 0.5
        H += Y
        return Y_new, H


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


def adjoint_block(W: HorizontalElement) -> Array:
    """The block B*, of a stack as a contiguous copy, which makes many small products faster."""
    assert W.adjoint is not None
    B_adjoint = W.adjoint(W.B)
    return np.ascontiguousarray(B_adjoint) if W.batch else B_adjoint


def _cayley_fraction(T: Array, W: HorizontalElement) -> Array:
    """The matrix I - M^-1 = T(I + T)^-1; RetractionError where M = I + T is singular to working precision."""
    assert W.adjoint is not None
    n = T.shape[-1]
    if W.adjoint.is_isometric:
        return fraction_by_sweeps(T) if n <= 16 and prod(T.shape[:-2]) > 4 * n else fraction(T)
    M = np.eye(n, dtype=T.dtype) + T
    try:
        inverse = np.linalg.inv(M)
    except np.linalg.LinAlgError as error:
        raise _undefined_cayley(W, np.inf) from error
    condition = np.linalg.norm(M, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    worst = float(np.max(condition, initial=0.0))
    if not worst * np.finfo(M.dtype).eps < 1e-2:
        raise _undefined_cayley(W, worst)
    return np.asarray(inverse @ T)


def _undefined_cayley(W: HorizontalElement, condition: float) -> RetractionError:
    return RetractionError("the Cayley transform is undefined where 2 is an eigenvalue of the velocity: condition "
                           f"{condition:.1e} at norm {np.max(W.norm(), initial=0.0):.1e}; take a smaller step")


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
    >>> from manifold_opt.arrays import HorizontalElement, TransposeAdjoint
    >>> from manifold_opt.sections.retractions import series_step
    >>> W = HorizontalElement(np.zeros((1, 1)), np.array([[np.pi / 4]]), TransposeAdjoint())
    >>> Y_new, R = series_step(np.array([[1.0], [0.0]]), np.array([[0.0], [np.pi / 4]]), W, np.pi / 4)
    >>> np.allclose(Y_new, np.sqrt([[0.5], [0.5]]), rtol=0, atol=1e-15)
    True
    """
    assert W.adjoint is not None
    n, C = Y.shape[-1], adjoint_block(W) @ W.B
    if W.adjoint.is_isometric and n >= 64:
        # many singular values share the norm: terms can be saved
        alpha = np.sqrt(np.linalg.norm(W.A @ W.A, axis=(-2, -1)) / np.sqrt(2))
        bound = 0.5 * (alpha + np.sqrt(alpha**2 + 4 * np.linalg.norm(C, axis=(-2, -1))))
        norm = float(np.max(bound, initial=0.0))
    G, L = phi1_phi2_series(W.A, C, norm)
    functions = np.empty((*W.batch, 2 * n, 2 * n), Y.dtype)
    functions[..., :n, :n] = W.A @ G - C @ L
    functions[..., n:, :n] = functions[..., :n, n:] = G
    functions[..., n:, n:] = L
    K = np.concatenate([Y, V], axis=-1) @ functions
    return Y + K[..., :n], K[..., n:]


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
    >>> from manifold_opt.arrays import HorizontalElement, TransposeAdjoint
    >>> from manifold_opt.sections.retractions import skew_step
    >>> A, B = np.array([[0.0, -500.0], [500.0, 0.0]]), np.array([[0.0, 300.0]])
    >>> Y, V = np.eye(3, 2), np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 300.0]])
    >>> Y_new, R = skew_step(Y, V, HorizontalElement(A, B, TransposeAdjoint()))
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


def low_rank_step(Y: Array, V: Array, W: HorizontalElement, psi: Callable[[Array], Array],
                  dtype: np.dtype[Any]) -> tuple[Array, Array]:
    r"""The step :math:`\Lambda + (\Lambda B')\psi(B''B')B''` in the columns of the section.

    The factors are balanced by a power of two, :math:`B' = [[\frac12A, \sigma I], [B, 0]]` and
    :math:`B'' = [[I, 0], [A/(2\sigma), -B^*/\sigma]]` with sigma near the norm of the velocity, which changes nothing
    exactly and keeps the norm of :math:`B''B'` near that of :math:`\bar B`.

    Parameters
    ----------
    Y, V, W
        As in :meth:`Retraction.step`.
    psi : callable
        Matrix function of stacks (..., 2n, 2n).
    dtype : dtype
        Type of the 2n x 2n matrix: the next wider one for a long geodesic, because the exponential amplifies the
        rounding errors of its argument by the length of the step.

    Returns
    -------
    Y_new, R : numpy.ndarray
        As in :meth:`Retraction.step`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import HorizontalElement, TransposeAdjoint, phi1
    >>> from manifold_opt.sections.retractions import low_rank_step
    >>> W = HorizontalElement(np.zeros((1, 1)), np.array([[np.pi / 2]]), TransposeAdjoint())
    >>> Y_new, R = low_rank_step(np.array([[1.0], [0.0]]), np.array([[0.0], [np.pi / 2]]), W, phi1, np.dtype(float))
    >>> np.allclose(Y_new, [[0.0], [1.0]])
    True
    """
    assert W.adjoint is not None
    n, norm = Y.shape[-1], W.norm()
    sigma = np.exp2(np.round(np.log2(np.where(norm > 0, norm, 1.0)))).astype(Y.dtype)[..., None, None]
    A, B = W.A.astype(dtype, copy=False), W.B.astype(dtype, copy=False)
    product = np.empty((*W.batch, 2 * n, 2 * n), dtype)
    product[..., :n, :n] = product[..., n:, n:] = 0.5 * A
    product[..., :n, n:] = sigma * np.eye(n, dtype=Y.dtype)
    product[..., n:, :n] = (0.25 * (A @ A) - W.adjoint(B) @ B) / sigma
    K = np.concatenate([0.5 * (Y @ W.A) + V, sigma * Y], axis=-1) @ psi(product).astype(Y.dtype, copy=False)
    R = K[..., n:] / sigma
    return Y + K[..., :n] + 0.5 * (R @ W.A), R


RETRACTIONS: dict[str, Retraction] = {"cayley": Cayley(), "geodesic": Geodesic(), "cayley_factor": CayleyFactor()}
"""The retractions by name."""


def get_retraction(retraction: str | Retraction) -> Retraction:
    """Return the retraction of a given name, or the given retraction.

    Parameters
    ----------
    retraction : str or Retraction
        One of "cayley", "geodesic", "cayley_factor", or an object.

    Returns
    -------
    Retraction

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the valid ones.
    TypeError
        If it is neither a name nor a retraction.

    Examples
    --------
    >>> from manifold_opt.sections import get_retraction
    >>> get_retraction("cayley")
    Cayley()
    """
    if isinstance(retraction, Retraction):
        return retraction
    if not isinstance(retraction, str):
        raise TypeError(f"retraction must be a name or a Retraction: got {type(retraction).__name__}")
    if retraction not in RETRACTIONS:
        raise ValueError(f"retraction must be one of {', '.join(RETRACTIONS)}: got {retraction!r}")
    return RETRACTIONS[retraction]
