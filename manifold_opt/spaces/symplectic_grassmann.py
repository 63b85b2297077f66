"""The symplectic Grassmann manifold SpGr(2n, 2N)."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.groups.symplectic import SymplecticGroup
from manifold_opt.spaces.symplectic_isometric import SymplecticSpace

__all__ = ["SymplecticGrassmann"]


@final
class SymplecticGrassmann(SymplecticSpace):
    r"""The symplectic Grassmann manifold :math:`SpGr(2n, 2N) = Sp(2N)/(Sp(2n) \times Sp(2(N - n)))`.

    A point is a symplectic subspace, given by a representative Y with :math:`Y^*Y = I`. A tangent vector is a class
    :math:`\Delta + YA` with A in sp(2n), and there are two natural representatives: the *reductive* one, with
    :math:`Y^*\Delta = 0`, which belongs to the global tangent space and is orthogonal to the vertical space in the
    pseudo-Riemannian metric; and the *metric* one, orthogonal to it in the Riemannian metric. The library's tangent
    vectors
    are the reductive ones; metric and lift go over to the other one through :meth:`metric_representative`.
    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 5.

    Parameters
    ----------
    N2 : int
        Number of rows 2N, even.
    n2 : int
        Number of columns 2n, even, 2 <= n2 <= N2.

    Raises
    ------
    TypeError
        If N2 or n2 is no integer.
    ValueError
        If one of them is odd, or not 1 <= n2 <= N2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import SymplecticGrassmann
    >>> space, rng = SymplecticGrassmann(8, 4), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> np.allclose(space.adjoint(Y) @ space.random_tangent(rng, Y), 0)
    True
    """

    is_grassmann = True

    def __init__(self, N2: int, n2: int) -> None:
        super().__init__(SymplecticGroup, N2, n2, ("N2", "n2"))

    @property
    def dimension(self) -> int:
        """n2 (N2 - n2)."""
        N2, n2 = self.shape
        return n2 * (N2 - n2)

    def flat(self, Y: Array, Z: Array) -> Array:
        """The operator of symplectic Stiefel at the metric representative."""
        return self._stiefel_flat(Y, self.metric_representative(Y, Z))

    def horizontal_lift(self, Y: Array, Delta: Array) -> Array:
        r"""The right-invariant lift of the metric representative, of shape (..., N2, N2), with metric
        :math:`\frac12\|\Omega_R\|^2`.

        It maps Y to the metric representative of Delta, which differs from Delta by a vertical vector YA.
        """
        return self._stiefel_lift(Y, self.metric_representative(self._check("Y", Y), self._check("Delta", Delta)))

    def metric_representative(self, Y: Array, Delta: Array) -> Array:
        r"""The representative :math:`\Delta - YA` that is orthogonal to every vertical vector in the Riemannian metric.

        With :math:`K = Y^TY`, :math:`S = K^*K` and the Hamiltonian matrix V of
        :math:`\mathrm{Tr}(\mathcal G_Y(\Delta)^TYA')`,
        orthogonality is the Sylvester equation :math:`(S - \frac12I)A + A(S - \frac12I) = 2K^*VK`, which has one
        solution
        because the eigenvalues of S are at least 1; they are those of the symmetric :math:`RK^*R^T` with
        :math:`K = R^TR`.

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and vectors (..., N2, n2).

        Returns
        -------
        numpy.ndarray
            Vectors (..., N2, n2).
        """
        adjoint = self.adjoint
        R = np.linalg.qr(Y, mode="r")
        Rt = np.swapaxes(R, -1, -2)
        K = Rt @ R
        V = np.swapaxes(Y, -1, -2) @ self._stiefel_flat(Y, Delta)
        V = 0.5 * (V - adjoint(V))
        symmetric = R @ adjoint(K) @ Rt
        eigenvalues, Q = np.linalg.eigh(0.5 * (symmetric + np.swapaxes(symmetric, -1, -2)))
        # S = R^-1 Q diag(eigenvalues) Q^T R
        left, right = np.linalg.solve(R, Q), np.swapaxes(Q, -1, -2) @ R
        C = right @ (2 * adjoint(K) @ V @ K) @ left
        A = left @ (C / (eigenvalues[..., :, None] + eigenvalues[..., None, :] - 1)) @ right
        return np.asarray(Delta - Y @ A)
