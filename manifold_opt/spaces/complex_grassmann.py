"""The complex Grassmann manifold."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.arrays.fields import standard_normal
from manifold_opt.groups.isometric import haar
from manifold_opt.groups.unitary import UnitaryGroup
from manifold_opt.spaces.grassmann import SubspaceManifold
from manifold_opt.tangent import SymmetricTangentSpace

__all__ = ["ComplexGrassmann"]


@final
class ComplexGrassmann(SubspaceManifold):
    r"""The complex Grassmann manifold :math:`U(N)/(U(n) \times U(N - n))` of n-dimensional subspaces of C^N.

    A point is given by a representative Y with orthonormal columns, a tangent vector by its horizontal representative,
    which has :math:`Y^H\Delta = 0`. Gradients are as for :class:`~manifold_opt.ComplexStiefel`.
    Paper: v4, section 2, with the conjugate transpose in place of the transpose.

    Parameters
    ----------
    N : int
        Number of rows (ambient dimension).
    n : int
        Number of columns, 1 <= n <= N.

    Raises
    ------
    TypeError
        If N or n is not an integer.
    ValueError
        If not 1 <= n <= N.

    Examples
    --------
    The phase of a representative is of no importance:

    >>> import numpy as np
    >>> from manifold_opt import ComplexGrassmann
    >>> space, rng = ComplexGrassmann(4, 1), np.random.default_rng(0)
    >>> Y, Q = space.random_point(rng, (2,))
    >>> bool(np.isclose(space.distance(Y, 1j * Q), space.distance(Y, Q)))
    True
    >>> bool(space.distance(space.geodesic(Y, space.log(Y, Q)), Q) < 1e-15)
    True
    """

    def __init__(self, N: int, n: int) -> None:
        super().__init__(UnitaryGroup(N), SymmetricTangentSpace(UnitaryGroup.adjoint, N, n))

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.complex128) -> Array:
        """Representatives (*batch, N, n) of uniformly distributed subspaces."""
        batch, dtype = check_sampling(rng, batch, dtype, self.group.field)
        return haar(standard_normal(rng, (*batch, *self.shape), np.complex128)).astype(dtype)
