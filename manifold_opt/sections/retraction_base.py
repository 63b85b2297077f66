r"""What a retraction is: from a velocity in the global tangent space to a step in the group.

With :math:`\bar B = B'B''`, :math:`B' = [[\frac12A, I], [B, 0]]` and :math:`B'' = [[I, 0], [\frac12A, -B^*]]`, the
geodesic and the Cayley transform are both :math:`I + B'\psi(B''B')B''` with a 2n x 2n matrix function, so that a step
:math:`\Lambda \leftarrow \Lambda + (\Lambda B')\psi(B''B')B''` costs a few products of N x N by N x n.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError
from manifold_opt.tangent import HorizontalElement

__all__ = ["Retraction", "RetractionError", "adjoint_block", "low_rank_step"]


class Retraction(ABC):
    """A map from the global tangent space to the group, applied to a section.

    Paper: v4, section 4, "retractions".

    Examples
    --------
    Both retractions leave a point where it is if the velocity is zero, exactly:

    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections import Cayley, Geodesic
    >>> Y, V = np.eye(5, 2), np.zeros((5, 2))
    >>> zero = Stiefel(5, 2).tangent_space.zero()
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

    def coefficients(self, W: HorizontalElement) -> tuple[Array, Array] | None:
        r"""Matrices alpha, beta (..., n, n) with which the new point is :math:`Y + Y\alpha + Y_\perp B\beta`.

        An implicit section then has no need of :math:`Y_\perp B`. None where :meth:`step` takes another way, as for
        long velocities. Errors as for :meth:`step`.
        """
        return None

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def adjoint_block(W: HorizontalElement) -> Array:
    """The block B*, of a stack as a contiguous copy, which makes many small products faster."""
    return W.adjoint.block(W.B)


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
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.arrays import phi1
    >>> from manifold_opt.sections.retraction_base import low_rank_step
    >>> W = Stiefel(2, 1).tangent_space.element(np.array([np.pi / 2]))
    >>> Y_new, R = low_rank_step(np.array([[1.0], [0.0]]), np.array([[0.0], [np.pi / 2]]), W, phi1, np.dtype(float))
    >>> np.allclose(Y_new, [[0.0], [1.0]])
    True
    """
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
