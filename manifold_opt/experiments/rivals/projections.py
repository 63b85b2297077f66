"""The two ways to make the columns of a matrix orthonormal that optimizers with projection use."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["PROJECTIONS", "polar_factor", "qr_factor"]


def polar_factor(Y: Array) -> Array:
    r"""The nearest matrix with orthonormal columns, :math:`Y(Y^TY)^{-1/2}`, of each matrix (..., N, n) of full rank.

    Source: N. J. Higham, Functions of Matrices, SIAM 2008, theorem 8.4.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments.rivals.projections import polar_factor
    >>> polar_factor(np.array([[2.0, 0.0], [0.0, 3.0], [0.0, 0.0]]))
    array([[1., 0.],
           [0., 1.],
           [0., 0.]])
    """
    U, _, Vh = np.linalg.svd(Y, full_matrices=False)
    return np.asarray(U @ Vh)


def qr_factor(Y: Array) -> Array:
    """The factor Q of the QR decomposition whose R has a positive diagonal, so that orthonormal columns stay.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments.rivals.projections import qr_factor
    >>> qr_factor(np.array([[-2.0, 1.0], [0.0, 3.0]]))
    array([[-1., 0.],
           [ 0., 1.]])
    """
    Q, R = np.linalg.qr(Y)
    signs = np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1, 1).astype(Y.dtype)
    return np.asarray(Q * signs[..., None, :])


PROJECTIONS: dict[str, Callable[[Array], Array]] = {"polar": polar_factor, "qr": qr_factor}
"""The projections by name."""
