"""The orthogonal group O(N)."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.adjoints import TransposeAdjoint
from manifold_opt.arrays.checks import Array
from manifold_opt.groups.base import IsometryGroup

__all__ = ["OrthogonalGroup", "random_orthonormal"]


@final
class OrthogonalGroup(IsometryGroup):
    r"""The orthogonal group :math:`O(N) = \{M : M^TM = I\}`, with the skew-symmetric matrices as Lie algebra.

    Paper: v4, section 2.

    Parameters
    ----------
    N : int
        Number of rows, at least 1.

    Raises
    ------
    TypeError
        If N is no integer.
    ValueError
        If N < 1.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import OrthogonalGroup
    >>> group = OrthogonalGroup(5)
    >>> X = group.project_algebra(np.random.default_rng(0).normal(size=(5, 5)))
    >>> bool(group.defect(group.exp(X)) < 1e-14)
    True
    """

    adjoint = TransposeAdjoint()

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.float64) -> Array:
        """Elements (*batch, N, N) from the Haar measure of O(N)."""
        return random_orthonormal(rng, (*batch, self.N, self.N)).astype(dtype)


def random_orthonormal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    r"""Matrices with orthonormal columns, uniformly distributed (Haar), in float64.

    The QR factor of a Gaussian matrix, with the signs of R's diagonal moved into Q; without them the distribution
    is not uniform (F. Mezzadri, Notices of the AMS 54 (2007), 592-604).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    shape : tuple of int
        (..., N, n) with n <= N.

    Returns
    -------
    numpy.ndarray
        Array of the given shape.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups.orthogonal import random_orthonormal
    >>> Y = random_orthonormal(np.random.default_rng(0), (10000, 3, 1))
    >>> bool(abs(np.mean(Y[:, 0, 0] < 0) - 0.5) < 0.03)
    True
    """
    Q, R = np.linalg.qr(rng.standard_normal(shape))
    signs = np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.asarray(Q * signs[..., None, :])
