"""The Stiefel manifold St(n, N)."""
from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.groups.orthogonal import OrthogonalGroup, random_orthonormal
from manifold_opt.sections import GlobalSection, TransportedSection
from manifold_opt.spaces.grassmann import CutLocusWarning
from manifold_opt.spaces.matrix_space import MatrixSpace
from manifold_opt.spaces.stiefel_log import stiefel_logarithm
from manifold_opt.tangent import HorizontalElement, ReductiveTangentSpace

__all__ = ["FrameManifold", "Stiefel"]


class FrameManifold(MatrixSpace):
    """What the real and the complex Stiefel manifold share: components, logarithm and distance."""

    @property
    @abstractmethod
    def sure_length(self) -> float:
        """A length below which every logarithm is known to be shortest: a lower bound of the injectivity radius, or
        infinite where all of them are.
        """

    @final
    def component(self, Y: Array) -> Array:
        """The connected component of each point, of shape (...): on O(N), n = N, the sign of its determinant, else 1.

        No continuous path, and so no optimization, leads from one component to the other.

        Parameters
        ----------
        Y : numpy.ndarray
            Points (..., N, n).

        Returns
        -------
        numpy.ndarray
            Numbers 1.0 or -1.0, of shape (...).

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import ComplexStiefel, Stiefel
        >>> Stiefel(2, 2).component(np.array([np.eye(2), np.diag([1.0, -1.0])]))
        array([ 1., -1.])
        >>> ComplexStiefel(2, 2).component(np.array([np.eye(2), np.diag([1.0, -1.0])]).astype(complex))
        array([1., 1.])
        """
        self._check("Y", Y)
        if self.shape[0] > self.shape[1]:
            return np.ones(Y.shape[:-2], Y.real.dtype)
        return self.adjoint.component(Y)

    @final
    def log(self, Y: Array, Q: Array) -> Array:
        r"""The tangent vector at Y whose :meth:`geodesic` ends in Q, by the matrix-algebraic algorithm.

        The algorithm converges locally, at a linear rate (proved by Zimmermann); for how far apart Y and Q may be there
        is no explicit bound that we could find, and :doc:`/theory/distance` says how far random pairs converged.
        Which results are shortest geodesics is another question, with these answers:

        - Real numbers: below :math:`\sqrt{4/5}\,\pi \approx 0.894\pi` a geodesic is the only shortest one (a lower
          bound of the injectivity radius, from the sectional curvature of at most 5/4); the radius is at most
          :math:`0.913\pi` for 2 <= n <= N - 2. On the sphere (n = 1) and on the rotations (n >= N - 1) every result is
          shortest.
        - Complex numbers, n < N: the same holds below :math:`\sqrt{2/5}\,\pi \approx 0.632\pi`, and the radius is at
          most :math:`0.646\pi`, the first root of :math:`t\cos t + \sin t`. On U(N) every result is shortest.

        The proof for complex numbers is in :doc:`/theory/distance`.

        Sources: R. Zimmermann, SIAM J. Matrix Anal. Appl. 38 (2017), 322-342 (algorithm); Q. Rentmeesters, PhD thesis,
        UCLouvain 2013 (lower bound, quoted by J. Stoye and R. Zimmermann, arXiv:2403.03782); P.-A. Absil and
        S. Mataigne, SIAM J. Matrix Anal. Appl. 46 (2025), 1145-1167 (upper bound).

        Parameters
        ----------
        Y, Q : numpy.ndarray
            Points (..., N, n).

        Returns
        -------
        numpy.ndarray
            Tangent vectors (..., N, n).

        Raises
        ------
        ValueError
            If Y or Q is off the space, they lie in different components of O(N), or the algorithm does not converge.

        Warns
        -----
        CutLocusWarning
            If the geodesic is not known to be the shortest.

        Examples
        --------
        >>> import numpy as np
        >>> from manifold_opt import ComplexStiefel, Stiefel
        >>> rng = np.random.default_rng(0)
        >>> for space in (Stiefel(6, 2), ComplexStiefel(6, 2)):
        ...     Y = space.random_point(rng)
        ...     Delta = 0.4 * space.random_tangent(rng, Y)
        ...     np.allclose(space.log(Y, space.geodesic(Y, Delta)), Delta, atol=1e-14)
        True
        True
        """
        section, X = self._logarithm(Y, Q)
        length = float(np.max(X.norm(), initial=0.0))
        if not length < self.sure_length:
            warnings.warn(f"the geodesic of length {length / np.pi:.2f} pi is not known to be the shortest one, which "
                          f"it is below {self.sure_length / np.pi:.3f} pi", CutLocusWarning, stacklevel=2)
        return section.push(X).astype(Y.dtype, copy=False)

    @final
    def distance(self, Y: Array, Q: Array) -> Array:
        r"""The length of the shortest geodesic, of shape (...), where it is known.

        That is below :math:`\sqrt{4/5}\,\pi` in real and :math:`\sqrt{2/5}\,\pi` in complex numbers, and everywhere on
        the sphere (real, n = 1), on the rotations (real, n >= N - 1) and on U(N); see :meth:`log`.

        Parameters
        ----------
        Y, Q : numpy.ndarray
            Points (..., N, n).

        Returns
        -------
        numpy.ndarray
            Real distances (...), with errors of some eps.

        Raises
        ------
        ValueError
            As :meth:`log`, and if the geodesic that was found is not known to be the shortest.

        Examples
        --------
        A phase t takes half of the squared length that an angle takes:

        >>> import numpy as np
        >>> from manifold_opt import ComplexStiefel, Stiefel
        >>> bool(np.isclose(Stiefel(3, 1).distance(np.eye(3, 1), np.eye(3)[:, 1:2]), np.pi / 2, rtol=1e-14))
        True
        >>> e1 = np.eye(3, 1, dtype=complex)
        >>> bool(np.isclose(ComplexStiefel(3, 1).distance(e1, np.exp(0.5j) * e1), 0.5 / np.sqrt(2), rtol=1e-14))
        True
        """
        _, X = self._logarithm(Y, Q)
        lengths = X.norm()
        longest = float(np.max(lengths, initial=0.0))
        if not longest < self.sure_length:
            raise ValueError(f"Q must be nearer to Y than {self.sure_length / np.pi:.3f} pi, within which shortest "
                             f"geodesics are known: found one of length {longest / np.pi:.2f} pi, and a shorter one "
                             "may exist")
        return np.asarray(lengths.astype(Y.real.dtype))

    def _logarithm(self, Y: Array, Q: Array) -> tuple[GlobalSection, HorizontalElement]:
        """The section over Y and the logarithm of Q in the global tangent space, in double precision."""
        self.check_point(Y)
        self.check_point(Q, "Q")
        shape = np.broadcast_shapes(Y.shape, Q.shape)
        Y, Q = (np.broadcast_to(M, shape).astype(np.result_type(M.dtype, np.float64)) for M in (Y, Q))
        if not np.array_equal(self.component(Y), self.component(Q)):
            raise ValueError("Q must be in the component of Y: their determinants have different signs, and no path in "
                             "O(N) connects them")
        section = TransportedSection.from_point(Y, self.tangent_space)
        a, b = (self.adjoint(block) @ Q for block in (Y, section.Y_perp))
        return section, stiefel_logarithm(a, b, self.tangent_space)


@final
class Stiefel(FrameManifold):
    r"""The Stiefel manifold :math:`St(n, N) = \{Y \in R^{N \times n} : Y^TY = I\} = O(N)/O(N - n)`, canonical metric.

    With n = N it is the group O(N) itself, with n = 1 the sphere. A path in O(N) stays in its :meth:`component`: from a
    start of determinant 1 every step stays in SO(N).
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

    @property
    def sure_length(self) -> float:
        r"""The length :math:`\sqrt{4/5}\,\pi` of :meth:`log`; infinite on the sphere and on the rotations."""
        N, n = self.shape
        return np.inf if n == 1 or n >= N - 1 else float(np.sqrt(4 / 5) * np.pi)

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.float64) -> Array:
        """Uniformly distributed (Haar) points (*batch, N, n)."""
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_orthonormal(rng, (*batch, *self.shape)).astype(dtype)
