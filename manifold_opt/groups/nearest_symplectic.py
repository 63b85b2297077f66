"""The nearest matrix with Y*Y = I in the symplectic adjoint, with a certificate that it is the nearest."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, tolerance

__all__ = ["lyapunov", "nearest_symplectic"]

MOST_ITERATIONS = 200


def nearest_symplectic(M: Array, J_rows: Array, J_columns: Array) -> Array:
    r"""The point Y with :math:`Y^TJY = J` nearest to M in the Frobenius norm; ValueError where none is certified.

    Newton-like steps for the skew-symmetric multiplier :math:`\Omega` of :math:`M = Y + JY\Omega`, for which
    :math:`Y = (M - JM\Omega)(I + \Omega^2)^{-1}`: near the solution the defect changes by
    :math:`G\,d\Omega + d\Omega\,G` with :math:`G = Y^TY`. If the spectral norm of :math:`\Omega` is
    below one, every other point X is farther away,
    :math:`|X - M|^2 - |Y - M|^2 \ge (1 - |\Omega|)|X - Y|^2`.

    Parameters
    ----------
    M : numpy.ndarray
        Matrices (..., 2N, 2n) in double precision.
    J_rows, J_columns : numpy.ndarray
        The forms of both sizes.

    Returns
    -------
    numpy.ndarray
        Points (..., 2N, 2n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import symplectic_form
    >>> from manifold_opt.groups.nearest_symplectic import nearest_symplectic
    >>> J = symplectic_form(2)
    >>> np.allclose(nearest_symplectic(np.diag([1.1, 1.1]), J, J), np.eye(2))
    True
    """
    Omega = np.zeros((*M.shape[:-2], *J_columns.shape))
    identity, previous = np.eye(len(J_columns)), np.inf
    for _ in range(MOST_ITERATIONS):
        Y = (M - J_rows @ M @ Omega) @ np.linalg.inv(identity + Omega @ Omega)
        defect = _transposed(Y) @ J_rows @ Y - J_columns
        defect = 0.5 * (defect - _transposed(defect))
        size = np.linalg.norm(defect, axis=(-2, -1)) / np.maximum(np.linalg.norm(Y, axis=(-2, -1)) ** 2, 1.0)
        largest = float(np.max(size, initial=0.0))
        # rounding of the defect is of the order of |Y|^2
        if largest <= tolerance(4, np.float64, len(J_rows)) and not largest < 0.5 * previous:
            return np.asarray(Y)
        previous = largest
        with np.errstate(divide="ignore", invalid="ignore"):
            Omega = Omega - lyapunov(_transposed(Y) @ Y, defect)
        if not np.isfinite(Omega).all() or not np.max(np.linalg.norm(Omega, ord=2, axis=(-2, -1)), initial=0.0) < 1.0:
            break
    raise ValueError("M must be near the space: no nearest point is certified, since the multiplier in "
                     "M = Y + J Y Omega does not stay below 1; start from a point nearer to Y*Y = I")


def lyapunov(G: Array, R: Array) -> Array:
    r"""The solution X of :math:`GX + XG = R` for symmetric positive definite G.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups.nearest_symplectic import lyapunov
    >>> lyapunov(np.diag([1.0, 2.0]), np.array([[2.0, 3.0], [3.0, 4.0]]))
    array([[1., 1.],
           [1., 1.]])
    """
    gamma, V = np.linalg.eigh(G)
    Vt = _transposed(V)
    return np.asarray(V @ ((Vt @ R @ V) / (gamma[..., :, None] + gamma[..., None, :])) @ Vt)


def _transposed(M: Array) -> Array:
    """The transposed matrices."""
    return np.swapaxes(M, -1, -2)
