"""What the spaces share whose group is not compact: two metrics, two lifts, two geodesics."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError
from manifold_opt.arrays.matrix_functions import exponential
from manifold_opt.spaces.matrix_space import MatrixSpace, over

__all__ = ["PseudoRiemannianSpace"]


class PseudoRiemannianSpace(MatrixSpace):
    r"""A space of matrices whose group is not compact, such as the symplectic ones.

    The default metric (`metric`, `riemannian_gradient`, `horizontal_lift`, `riemannian_geodesic`) is the
    right-invariant Riemannian one; the names with `pseudo` belong to the bi-invariant pseudo-Riemannian one, of which
    `geodesic` and `global_section(...).move(..., "geodesic")` follow the geodesics. Where the group is compact both
    are the same.

    Source: Bendokat and Zimmermann, arXiv:2108.12447.

    Examples
    --------
    Both lifts are Hamiltonian and map Y to the tangent vector; they differ:

    >>> import numpy as np
    >>> from manifold_opt import SymplecticStiefel
    >>> space, rng = SymplecticStiefel(8, 4), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Delta = space.random_tangent(rng, Y)
    >>> lifts = space.horizontal_lift(Y, Delta), space.pseudo_horizontal_lift(Y, Delta)
    >>> [bool(np.allclose(Omega @ Y, Delta)) for Omega in lifts], bool(np.allclose(*lifts))
    ([True, True], False)
    """

    @final
    def pseudo_riemannian_metric(self, Y: Array, Delta1: Array, Delta2: Array) -> Array:
        r"""The bi-invariant metric :math:`\mathrm{Tr}(\Delta_1^*(I - \frac12YY^*)\Delta_2)`, of shape (...)."""
        self._check("Y", Y)
        Z = self._check("Delta2", Delta2) - 0.5 * Y @ (self.adjoint(Y) @ Delta2)
        return np.asarray(np.trace(self.adjoint(self._check("Delta1", Delta1)) @ Z, axis1=-2, axis2=-1))

    @final
    def pseudo_riemannian_gradient(self, Y: Array, dL: Array) -> Array:
        r"""The gradient of the pseudo-Riemannian metric: :math:`\tilde\nabla - Y\nabla L^TY` with
        :math:`\tilde\nabla = (\nabla L^T)^*`.
        """
        dLt = np.swapaxes(self._check("dL", dL), -1, -2)
        return self.tangent_space.drop_vertical(Y, np.asarray(self.adjoint(dLt) - self._check("Y", Y) @ (dLt @ Y)))

    @final
    def pseudo_horizontal_lift(self, Y: Array, Delta: Array) -> Array:
        r"""The lift :math:`(I - \frac12YY^*)\Delta Y^* - Y\Delta^*(I - \frac12YY^*)`, of shape (..., N, N)."""
        self._check("Y", Y)
        half = (self._check("Delta", Delta) - 0.5 * Y @ (self.adjoint(Y) @ Delta)) @ self.adjoint(Y)
        return np.asarray(half - self.adjoint(half))

    @final
    def riemannian_geodesic(self, Y: Array, Delta: Array) -> Array:
        r"""The geodesic :math:`\exp(\Omega_R - \Omega_R^T)\exp(\Omega_R^T)Y` of the right-invariant metric at time 1.

        Computed in an orthonormal basis of the span of the columns of Y and Delta and their duals
        :math:`(Y^T)^*, (\Delta^T)^*`, which contains range and row space of the lift, so that no ill-conditioned
        factors appear.

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and tangent vectors (..., N, n).

        Returns
        -------
        numpy.ndarray
            Points (..., N, n).

        Raises
        ------
        ValueError
            If Y is off the space or Delta is not tangent.
        RetractionError
            If the exponential overflows.
        """
        self.check_point(Y)
        self.check_tangent(Y, Delta)
        Omega = self.horizontal_lift(Y, Delta)
        Q, R = np.linalg.qr(Y)
        Z = over(self.metric_representative(Y, Delta), R)
        duals = (self.adjoint(np.swapaxes(M, -1, -2)) for M in (Q, Z))
        basis = np.linalg.qr(np.concatenate([Q, Z, *duals], axis=-1))[0]
        basis_t = np.swapaxes(basis, -1, -2)
        X = basis_t @ Omega @ basis
        Xt = np.swapaxes(X, -1, -2)
        Z = basis_t @ Y
        with np.errstate(over="ignore", invalid="ignore"):
            for generator in (Xt, X - Xt):
                Z = exponential(generator) @ Z
        if not np.isfinite(Z).all():
            raise RetractionError(f"the exponential overflows {Y.dtype}: take a smaller step")
        return np.asarray(basis @ Z)
