"""The Stiefel manifold St(n, N)."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.groups.orthogonal import OrthogonalGroup, random_orthonormal
from manifold_opt.spaces.matrix_space import MatrixSpace
from manifold_opt.tangent import ReductiveTangentSpace

__all__ = ["Stiefel"]


@final
class Stiefel(MatrixSpace):
    r"""The Stiefel manifold :math:`St(n, N) = \{Y \in R^{N \times n} : Y^TY = I\} = O(N)/O(N - n)`, canonical metric.

    With n = N it is the group O(N) itself, with n = 1 the sphere. A path in O(N) stays in its component: from a start
    of determinant 1 every step stays in SO(N).
    Paper: v4, section 2, the main example.

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
    The metric is half the squared norm of the lift, and the gradient represents the differential:

    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Delta, dL = space.random_tangent(rng, Y), rng.normal(size=(6, 2))
    >>> np.allclose(space.metric(Y, Delta, Delta), 0.5 * np.sum(space.horizontal_lift(Y, Delta) ** 2))
    True
    >>> np.allclose(space.metric(Y, space.riemannian_gradient(Y, dL), Delta), np.sum(dL * Delta))
    True

    The rotations, as a space of points:

    >>> rotations = Stiefel(3, 3)
    >>> R = rotations.canonical_point()
    >>> R = rotations.geodesic(R, rotations.random_tangent(rng, R))
    >>> np.allclose(np.linalg.det(R), 1.0)
    True
    """

    def __init__(self, N: int, n: int) -> None:
        super().__init__(OrthogonalGroup(N), ReductiveTangentSpace(OrthogonalGroup.adjoint, N, n))

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Array:
        """Uniformly distributed (Haar) points (*batch, N, n)."""
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)
