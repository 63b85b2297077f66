"""The Grassmann manifold Gr(n, N)."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array
from manifold_opt.groups.orthogonal import OrthogonalGroup, random_orthonormal
from manifold_opt.spaces.isometric import IsometricSpace

__all__ = ["Grassmann"]


@final
class Grassmann(IsometricSpace):
    r"""The Grassmann manifold :math:`Gr(n, N) = O(N)/(O(n) \times O(N - n))` of n-dimensional subspaces of R^N.

    A point is given by a representative Y with orthonormal columns, a tangent vector by its horizontal representative,
    which has :math:`Y^T\Delta = 0`; two representatives YQ of a subspace have representatives :math:`\Delta Q`.
    Paper: v4, section 2.

    Parameters
    ----------
    N : int
        Number of rows (ambient dimension).
    n : int
        Number of columns, 1 <= n <= N.

    Raises
    ------
    TypeError
        If N or n is no integer.
    ValueError
        If not 1 <= n <= N.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Grassmann
    >>> space, rng = Grassmann(6, 2), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> np.allclose(Y.T @ space.random_tangent(rng, Y), 0)
    True
    """

    is_grassmann = True

    def __init__(self, N: int, n: int) -> None:
        super().__init__(OrthogonalGroup, N, n, ("N", "n"))

    @property
    def dimension(self) -> int:
        """n(N - n)."""
        N, n = self.shape
        return n * (N - n)

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Array:
        """Representatives (*batch, N, n) of uniformly distributed subspaces."""
        return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)

    def flat(self, Y: Array, Z: Array) -> Array:
        r""":math:`(I - YY^T)Z`: the metric is the Frobenius product of horizontal representatives."""
        return self._drop_vertical(Y, Z)

    def horizontal_lift(self, Y: Array, Delta: Array) -> Array:
        r""":math:`\Omega(Y, \Delta) = \Delta Y^T - Y\Delta^T`, of shape (..., N, N)."""
        half = self._check("Delta", Delta) @ np.swapaxes(self._check("Y", Y), -1, -2)
        return np.asarray(half - np.swapaxes(half, -1, -2))
