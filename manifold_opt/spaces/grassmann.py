"""The Grassmann manifold Gr(n, N)."""
from __future__ import annotations

import warnings
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling, tolerance
from manifold_opt.arrays.fields import transposed
from manifold_opt.groups.orthogonal import OrthogonalGroup, random_orthonormal
from manifold_opt.spaces.matrix_space import MatrixSpace
from manifold_opt.tangent import SymmetricTangentSpace

__all__ = ["CutLocusWarning", "Grassmann", "SubspaceManifold"]


class CutLocusWarning(RuntimeWarning):
    """A shortest geodesic is not unique, or a geodesic not known to be the shortest.

    Examples
    --------
    >>> from manifold_opt.spaces.grassmann import CutLocusWarning
    >>> issubclass(CutLocusWarning, RuntimeWarning)
    True
    """


class SubspaceManifold(MatrixSpace):
    """What the real and the complex Grassmann manifold share: angles, distance and logarithm."""

    @final
    def principal_angles(self, Y: Array, Q: Array) -> Array:
        r"""The principal angles between two subspaces, ascending, in :math:`[0, \frac\pi2]`.

        From the singular values of both :math:`Y^TQ` (cosines) and :math:`(I - YY^T)Q` (sines), so that every angle
        is right to rounding: the cosines alone have a floor of :math:`\sqrt{eps}` at small angles, the sines alone
        near :math:`\frac\pi2`. Source: A. Bjorck and G. H. Golub, Math. Comp. 27 (1973), 579-594.

        Parameters
        ----------
        Y, Q : numpy.ndarray
            Representatives (..., N, n).

        Returns
        -------
        numpy.ndarray
            Angles (..., n).

        Raises
        ------
        ValueError
            If Y or Q is off the space.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import Grassmann
        >>> E = np.eye(4)
        >>> Grassmann(4, 2).principal_angles(E[:, [0, 1]], E[:, [1, 2]]) / np.pi
        array([0. , 0.5])
        """
        self.check_point(Y)
        self.check_point(Q, "Q")
        cosines = np.linalg.svd(self.adjoint(Y) @ Q, compute_uv=False)
        sines = np.linalg.svd(_normal_part(Y, Q), compute_uv=False)[..., ::-1]
        return np.asarray(np.arctan2(sines, cosines))

    @final
    def distance(self, Y: Array, Q: Array) -> Array:
        """The length of the shortest geodesic, the root of the sum of the squared principal angles, of shape (...).

        Parameters
        ----------
        Y, Q : numpy.ndarray
            Representatives (..., N, n).

        Returns
        -------
        numpy.ndarray
            Distances (...).

        Raises
        ------
        ValueError
            If Y or Q is off the space.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import Grassmann
        >>> E, space = np.eye(4), Grassmann(4, 1)
        >>> bool(space.distance(E[:, :1], E[:, 1:2]) == np.pi / 2)
        True
        >>> close = E[:, :1] + 1e-12 * E[:, 1:2]
        >>> bool(np.isclose(space.distance(E[:, :1], close), 1e-12, rtol=1e-15, atol=0))
        True
        """
        return np.asarray(np.linalg.norm(self.principal_angles(Y, Q), axis=-1))

    @final
    def log(self, Y: Array, Q: Array) -> Array:
        r"""The tangent vector at Y of the shortest geodesic to the span of Q, the inverse of :meth:`geodesic`.

        With :math:`Y^TQ = UCV^T` and the columns :math:`s_i` of :math:`(I - YY^T)QV`, whose norms are the sines, it
        is :math:`\sum_i (\theta_i/|s_i|)s_iu_i^T`, which does not depend on the representative of Q.
        Source: T. Bendokat, R. Zimmermann and P.-A. Absil, Adv. Comput. Math. 50 (2024), 6, section 5.2.

        Parameters
        ----------
        Y, Q : numpy.ndarray
            Representatives (..., N, n).

        Returns
        -------
        numpy.ndarray
            Tangent vectors (..., N, n) with :math:`Y^T\Delta = 0`, of the length of the distance.

        Raises
        ------
        ValueError
            If Y or Q is off the space.

        Warns
        -----
        CutLocusWarning
            If a principal angle is :math:`\frac\pi2` to working precision: several geodesics are shortest, one of them
            is returned.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import Grassmann
        >>> space, rng = Grassmann(6, 2), np.random.default_rng(0)
        >>> Y, Q = space.random_point(rng, (2,))
        >>> Delta = space.log(Y, Q)
        >>> bool(space.distance(space.geodesic(Y, Delta), Q) < 1e-15)
        True
        >>> bool(np.isclose(np.linalg.norm(Delta), space.distance(Y, Q), rtol=1e-14))
        True
        """
        self.check_point(Y)
        self.check_point(Q, "Q")
        U, cosines, Vh = np.linalg.svd(self.adjoint(Y) @ Q)
        if np.min(cosines, initial=1.0) < tolerance(4.0, Y.dtype, self.shape[0]):
            warnings.warn("the shortest geodesic is not unique: a principal angle is pi/2 to working precision",
                          CutLocusWarning, stacklevel=2)
        S = _normal_part(Y, Q @ self.adjoint(Vh))
        sines = np.linalg.norm(S, axis=-2)
        ratio = np.where(sines > 0, np.arctan2(sines, cosines) / np.where(sines > 0, sines, 1), 1)
        return np.asarray((S * ratio.astype(Y.dtype)[..., None, :]) @ self.adjoint(U))


@final
class Grassmann(SubspaceManifold):
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
        If N or n is not an integer.
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

    def __init__(self, N: int, n: int) -> None:
        super().__init__(OrthogonalGroup(N), SymmetricTangentSpace(OrthogonalGroup.adjoint, N, n))

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Array:
        """Representatives (*batch, N, n) of uniformly distributed subspaces."""
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)


def _normal_part(Y: Array, Q: Array) -> Array:
    """The product of I - YY^T with Q, projected twice so that no rounding error remains along Y."""
    Yt = transposed(Y)
    normal = Q - Y @ (Yt @ Q)
    return np.asarray(normal - Y @ (Yt @ normal))
