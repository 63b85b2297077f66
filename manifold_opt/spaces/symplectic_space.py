"""What the two symplectic spaces share: two metrics, two lifts, two geodesics."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.arrays.matrix_functions import exponential
from manifold_opt.groups.symplectic import random_symplectic, symplectic_form
from manifold_opt.sections.retraction import RetractionError
from manifold_opt.spaces.matrix_space import MatrixSpace

__all__ = ["SymplecticSpace", "half_reflected", "over"]


class SymplecticSpace(MatrixSpace):
    r"""A quotient of Sp(2N) with two metrics.

    The default (`metric`, `riemannian_gradient`, `horizontal_lift`, `riemannian_geodesic`) is the right-invariant
    Riemannian one; the names with `pseudo` belong to the bi-invariant pseudo-Riemannian one, of which `geodesic` and
    `global_section(...).move(..., "geodesic")` follow the geodesics.

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
    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (), dtype: npt.DTypeLike = np.float64, *,
                     condition: float = 10.0) -> Array:
        """Points (*batch, N2, n2) of the given condition number; see
        :func:`~manifold_opt.groups.symplectic.random_symplectic`.
        """
        batch, dtype = check_sampling(rng, batch, dtype)
        return random_symplectic(rng, (*batch, *self.shape), condition).astype(dtype)

    def _stiefel_flat(self, Y: Array, Z: Array) -> Array:
        r""":math:`(I - \frac12J^TY(Y^TY)^{-1}Y^TJ)Z(Y^TY)^{-1}`, the right-invariant metric of symplectic Stiefel."""
        Q, R = np.linalg.qr(Y)
        return over(half_reflected(Q, over(Z, R)), np.swapaxes(R, -1, -2))

    def _stiefel_lift(self, Y: Array, Delta: Array) -> Array:
        r""":math:`\Omega_R = \Delta(Y^TY)^{-1}Y^T + JY(Y^TY)^{-1}\Delta^T(I - J^TY(Y^TY)^{-1}Y^TJ)J`."""
        J = symplectic_form(self.shape[0], Y.dtype.type)
        Q, R = np.linalg.qr(Y)
        Z = over(Delta, R)
        JtQ = J.T @ Q
        complement = Z - JtQ @ (np.swapaxes(JtQ, -1, -2) @ Z)
        return np.asarray(Z @ np.swapaxes(Q, -1, -2) - JtQ @ np.swapaxes(complement, -1, -2) @ J)

    def _project(self, Y: Array, Z: Array) -> Array:
        """XY with X = F Q^T - (F Q^T)* in the algebra, from Y = QR and F = flat(Z) R^T: nothing is divided by the Gram
        matrix, so that one condition number is lost instead of two.
        """
        Q, R = np.linalg.qr(Y)
        F = half_reflected(Q, over(self._representative(Y, Z), R))
        JtQ = symplectic_form(self.shape[0], Y.dtype.type).T @ Q
        return np.asarray((F + JtQ @ (np.swapaxes(F, -1, -2) @ JtQ)) @ R)

    def _representative(self, Y: Array, Z: Array) -> Array:
        """What the metric makes of Z: Z itself, on the symplectic Grassmann manifold its metric representative."""
        return Z

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
        r"""The lift :math:`(I - \frac12YY^*)\Delta Y^* - Y\Delta^*(I - \frac12YY^*)`, of shape (..., N2, N2)."""
        self._check("Y", Y)
        half = (self._check("Delta", Delta) - 0.5 * Y @ (self.adjoint(Y) @ Delta)) @ self.adjoint(Y)
        return np.asarray(half - self.adjoint(half))

    @final
    def riemannian_geodesic(self, Y: Array, Delta: Array) -> Array:
        r"""The geodesic :math:`\exp(\Omega_R - \Omega_R^T)\exp(\Omega_R^T)Y` of the right-invariant metric at time 1.

        Computed in an orthonormal basis of the span of Y, JY, Delta and JDelta, which contains range and row space
        of the lift, so that no ill-conditioned factors appear.

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and tangent vectors (..., N2, n2).

        Returns
        -------
        numpy.ndarray
            Points (..., N2, n2).

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
        J = symplectic_form(self.shape[0], Y.dtype.type)
        Q, R = np.linalg.qr(Y)
        Z = over(self._representative(Y, Delta), R)
        basis = np.linalg.qr(np.concatenate([Q, J @ Q, Z, J @ Z], axis=-1))[0]
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


def over(Z: Array, R: Array) -> Array:
    r"""The quotient :math:`ZR^{-1}` for stacks Z (..., N, n) and R (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.spaces.symplectic_space import over
    >>> over(np.array([[4.0, 9.0]]), np.diag([2.0, 3.0]))
    array([[2., 3.]])
    """
    return np.swapaxes(np.linalg.solve(np.swapaxes(R, -1, -2), np.swapaxes(Z, -1, -2)), -1, -2)


def half_reflected(Q: Array, Z: Array) -> Array:
    r"""The product :math:`(I - \frac12J^TQQ^TJ)Z` for orthonormal Q (..., 2N, 2n).

    With :math:`Y = QR` and Z in place of :math:`ZR^{-1}` this is the right-invariant metric in well-conditioned form.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.spaces.symplectic_space import half_reflected
    >>> half_reflected(np.eye(4)[:, [0, 2]], np.eye(4)[:, [0, 1]])
    array([[0.5, 0. ],
           [0. , 1. ],
           [0. , 0. ],
           [0. , 0. ]])
    """
    JtQ = symplectic_form(Q.shape[-2], Q.dtype.type).T @ Q
    return np.asarray(Z - 0.5 * JtQ @ (np.swapaxes(JtQ, -1, -2) @ Z))
