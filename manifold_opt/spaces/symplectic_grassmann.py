"""The symplectic Grassmann manifold SpGr(n2, N2)."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.groups.symplectic import SymplecticGroup, symplectic_form
from manifold_opt.spaces.matrix_space import half_reflected, over
from manifold_opt.spaces.symplectic_space import SymplecticSpace
from manifold_opt.tangent import SymmetricTangentSpace

__all__ = ["SymplecticGrassmann"]


@final
class SymplecticGrassmann(SymplecticSpace):
    r"""The symplectic Grassmann manifold :math:`SpGr(n_2, N_2) = Sp(N_2)/(Sp(n_2) \times Sp(N_2 - n_2))`.

    A point is a symplectic subspace, given by a representative Y with :math:`Y^*Y = I`. A tangent vector is a class
    :math:`\Delta + YA` with A in sp(n2), and there are two natural representatives: the *reductive* one, with
    :math:`Y^*\Delta = 0`, which belongs to the global tangent space and is orthogonal to the vertical space in the
    pseudo-Riemannian metric; and the *metric* one, orthogonal to it in the Riemannian metric. The library's tangent
    vectors are the reductive ones; metric and lift go over to the other one through :meth:`metric_representative`.
    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 5.

    Parameters
    ----------
    N2 : int
        Number of rows, even.
    n2 : int
        Number of columns, even, 2 <= n2 <= N2.

    Raises
    ------
    TypeError
        If N2 or n2 is not an integer.
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

    def __init__(self, N2: int, n2: int) -> None:
        super().__init__(SymplecticGroup(N2), SymmetricTangentSpace(SymplecticGroup.adjoint, N2, n2))

    def metric_representative(self, Y: Array, Delta: Array) -> Array:
        r"""The representative :math:`\Delta - YA` that is orthogonal to every vertical vector in the Riemannian metric.

        With :math:`Y = QR` the vertical vectors are :math:`Q\tilde AR` with :math:`\tilde A = C^{-1}\Sigma`, where
        :math:`C = Q^TJQ` is skew-symmetric and :math:`\Sigma` symmetric; the metric of two of them is
        :math:`\mathrm{Tr}(\tilde A_1^T(I + \frac12C^2)\tilde A_2)`, so that orthogonality is the Lyapunov equation
        :math:`(P - \frac12I)\Sigma + \Sigma(P - \frac12I) = -C^{-1}M - (C^{-1}M)^T` with :math:`P = -C^{-2}` and
        :math:`M = Q^T(I - \frac12J^TQQ^TJ)\Delta R^{-1}`. In an orthonormal basis in which C consists of blocks
        [[0, -c], [c, 0]], with c the cosines of the angles between span and J span, it is solved entry by entry
        without dividing by a cosine: the condition number of Y enters squared at most, not to the sixth power as in
        a solution by way of the Gram matrix.

        Parameters
        ----------
        Y, Delta : numpy.ndarray
            Points and vectors (..., N2, n2).

        Returns
        -------
        numpy.ndarray
            Vectors (..., N2, n2).
        """
        Q, R = np.linalg.qr(Y)
        J = symplectic_form(self.shape[0], Y.dtype.type)
        C = np.swapaxes(Q, -1, -2) @ J @ Q
        half = self.shape[1] // 2
        cosines, V = np.linalg.eigh(0.5j * (C - np.swapaxes(C, -1, -2)))
        V = np.sqrt(2).astype(Y.dtype) * V[..., half:]
        # C u = c w and C w = -c u for the pairs of columns u = Re v, w = Im v of an eigenvector of iC
        basis = np.concatenate([V.real, V.imag], axis=-1)
        basis_t = np.swapaxes(basis, -1, -2)
        c = np.concatenate([cosines[..., half:]] * 2, axis=-1).astype(Y.dtype)
        row, column = c[..., :, None] ** 2, c[..., None, :] ** 2
        M = basis_t @ (np.swapaxes(Q, -1, -2) @ half_reflected(J.T @ Q, over(Delta, R))) @ basis
        turned = _turn(M, half)
        S = turned * column + np.swapaxes(turned, -1, -2) * (c[..., :, None] * c[..., None, :])
        A = _turn(S / (row + column - row * column), half)
        return np.asarray(Delta + Q @ (basis @ A @ basis_t) @ R)


def _turn(M: Array, half: int) -> Array:
    """The product of the skew-symmetric matrix [[0, I], [-I, 0]] with M."""
    return np.concatenate([M[..., half:, :], -M[..., :half, :]], axis=-2)
