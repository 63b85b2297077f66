"""The orthogonal group O(N): its adjoint, the transpose, and the completion by a QR decomposition."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.groups.base import MatrixGroup
from manifold_opt.groups.isometric import IsometricAdjoint, haar

__all__ = ["OrthogonalGroup", "TransposeAdjoint", "random_orthonormal"]


@final
class TransposeAdjoint(IsometricAdjoint):
    r"""The transpose, :math:`M^* = M^T`: the adjoint of O(N), whose frame is the first n columns.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import TransposeAdjoint
    >>> adjoint = TransposeAdjoint()
    >>> adjoint(np.array([[1.0, 2.0]])).shape
    (2, 1)
    >>> adjoint.complete(np.array([[0.6], [0.8]]))
    array([[-0.8],
           [ 0.6]])
    """

    def coordinates(self, A: Array) -> Array:
        """The n(n - 1)/2 entries below the diagonal of skew-symmetric A."""
        rows, columns = np.tril_indices(A.shape[-1], -1)
        return np.asarray(A[..., rows, columns])

    def from_coordinates(self, c: Array, n: int) -> Array:
        """Skew-symmetric matrices (..., n, n)."""
        rows, columns = np.tril_indices(n, -1)
        A = np.zeros((*c.shape[:-1], n, n), c.dtype)
        A[..., rows, columns] = c
        A[..., columns, rows] = -c
        return A

    def dimension(self, n: int) -> int:
        """The number n(n - 1)/2."""
        return n * (n - 1) // 2

    def component(self, M: Array) -> Array:
        """The signs of the determinants: O(N) has two components."""
        return np.asarray(np.linalg.slogdet(M)[0])


@final
class OrthogonalGroup(MatrixGroup):
    r"""The orthogonal group :math:`O(N) = \{M : M^TM = I\}`, with the skew-symmetric matrices as Lie algebra.

    Paper: v4, section 2.

    Parameters
    ----------
    N : int
        Number of rows, at least 1.

    Raises
    ------
    TypeError
        If N is not an integer.
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
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_orthonormal(rng, (*batch, self.N, self.N)).astype(dtype)


def random_orthonormal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Matrices (..., N, n) with orthonormal columns, uniformly distributed (Haar), in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups.orthogonal import random_orthonormal
    >>> Y = random_orthonormal(np.random.default_rng(0), (10000, 3, 1))
    >>> bool(abs(np.mean(Y[:, 0, 0] < 0) - 0.5) < 0.03)
    True
    """
    return haar(rng.standard_normal(shape))
