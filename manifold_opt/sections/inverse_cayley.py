"""The inverse of the Cayley retraction, in closed form."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.adjoints import Adjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.matrix_functions import polar

__all__ = ["inverse_cayley", "aligned_representative"]


def inverse_cayley(Y: Array, Q: Array, adjoint: Adjoint, *, grassmann: bool = False) -> Array:
    r"""The tangent vector :math:`\Delta = YA + Y_\perp B` at Y whose Cayley retraction is Q.

    Paper: v4, section 4, gives the retraction; the inverse follows from its closed form
    :math:`Q = (2Y + Y_\perp B)M^{-1} - Y` with :math:`M = I - \frac12A + \frac14B^*B`.

    Parameters
    ----------
    Y, Q : numpy.ndarray
        Points (..., N, n).
    adjoint : Adjoint
        The adjoint of the group.
    grassmann : bool
        Whether Y and Q are representatives of subspaces.

    Returns
    -------
    numpy.ndarray
        Tangent vectors (..., N, n).

    Raises
    ------
    ValueError
        If the inverse is undefined to working precision.

    Examples
    --------
    A quarter turn of the circle has the Cayley coordinate 2 tan(pi/4):

    >>> import numpy as np
    >>> from manifold_opt.arrays import TransposeAdjoint
    >>> from manifold_opt.sections.inverse_cayley import inverse_cayley
    >>> inverse_cayley(np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]]), TransposeAdjoint())
    array([[0.],
           [2.]])
    """
    if grassmann:
        Q = aligned_representative(Y, Q, adjoint)
    identity = np.eye(Y.shape[-1], dtype=Y.dtype)
    a = adjoint(Y) @ Q
    M = 2 * _inverse(a + identity, "-1 must not be an eigenvalue of Y*Q for the inverse Cayley retraction")
    b = Q - Y @ a
    # once more, since the first product leaves a rounding error along Y
    b = b - Y @ (adjoint(Y) @ b)
    normal = b @ M
    if grassmann:
        return np.asarray(normal)
    A = M - adjoint(M)
    # A = 2(I + B*B/4 - M) is in the algebra, so that it is half of A - A*, in which B*B cancels
    return np.asarray(normal - Y @ A)


def aligned_representative(Y: Array, Q: Array, adjoint: Adjoint) -> Array:
    r"""The representative QO of the span of Q for which :math:`Y^*QO` is self-adjoint with eigenvalues in the right
    half plane.

    Parameters
    ----------
    Y, Q : numpy.ndarray
        Representatives (..., N, n).
    adjoint : Adjoint
        The adjoint of the group.

    Returns
    -------
    numpy.ndarray
        Representatives (..., N, n).

    Raises
    ------
    ValueError
        On the symplectic Grassmann manifold, if there is none: :math:`aa^*` with :math:`a = Y^*Q` is singular or has
        an eigenvalue on the negative real axis.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import TransposeAdjoint
    >>> from manifold_opt.sections.inverse_cayley import aligned_representative
    >>> aligned_representative(np.eye(3, 1), -np.eye(3, 1), TransposeAdjoint())
    array([[1.],
           [0.],
           [0.]])
    """
    a = adjoint(Y) @ Q
    if adjoint.is_isometric:
        return np.asarray(Q @ np.swapaxes(polar(a)[1], -1, -2))
    message = "Y*Q must have a polar decomposition for the inverse Cayley retraction"
    eigenvalues = np.linalg.eigvals(a @ adjoint(a))
    # distance from the negative real axis, relative to the largest eigenvalue
    distance = np.where(eigenvalues.real > 0, np.abs(eigenvalues), np.abs(eigenvalues.imag))
    scale = np.max(np.abs(eigenvalues), axis=-1, initial=0.0)
    if not np.all(np.min(distance, axis=-1, initial=np.inf) > 1e3 * np.finfo(a.dtype).eps * scale):
        raise ValueError(f"{message}: an eigenvalue of (Y*Q)(Y*Q)* is zero or negative to working precision")
    return np.asarray(Q @ _polar_inverse(a, adjoint, message))


def _polar_inverse(a: Array, adjoint: Adjoint, message: str) -> Array:
    """The group element O with aO self-adjoint, by the Newton iteration for the polar factor of a in its adjoint."""
    U = a
    for _ in range(100):
        inverse = adjoint(_inverse(U, message))
        # scaled so that the norms of U and its inverse agree; in the end the scale is one
        scale = np.sqrt(np.linalg.norm(inverse, axis=(-2, -1)) / np.linalg.norm(U, axis=(-2, -1)))
        scale = np.where(np.abs(scale - 1) < 0.1, 1.0, scale).astype(a.dtype)[..., None, None]
        change = 0.5 * (scale * U + inverse / scale) - U
        U = U + change
        if np.max(np.linalg.norm(change, axis=(-2, -1)) / np.linalg.norm(U, axis=(-2, -1)), initial=0.0) < (
                np.finfo(a.dtype).eps ** 0.75):
            return adjoint(U)
    raise ValueError(f"{message}: the iteration for it does not converge")


def _inverse(M: Array, message: str) -> Array:
    try:
        inverse = np.linalg.inv(M)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"{message}: the matrix is singular") from error
    condition = np.max(np.linalg.norm(M, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1)), initial=0.0)
    if not condition * np.finfo(M.dtype).eps < 1e-2:
        raise ValueError(f"{message}: condition number {condition:.1e}")
    return np.asarray(inverse)
